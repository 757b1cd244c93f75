"""CI/CD in AWS, hands on: a cloud, labs, quizzes and a book."""
