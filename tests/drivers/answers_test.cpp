// answers_test
