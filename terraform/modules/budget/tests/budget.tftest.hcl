# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name          = "financial-etl-test"
  limit_dollars = 100
  tag_value     = "financial-etl-test"
  emails        = ["ops@example.com"]
  topic_arn     = "arn:aws:sns:eu-central-1:111122223333:topic"
}

run "budget" {
  assert {
    condition     = aws_budgets_budget.this.limit_amount == "100" && aws_budgets_budget.this.limit_unit == "USD" && aws_budgets_budget.this.time_unit == "MONTHLY"
    error_message = "So many dollars a month."
  }
  assert {
    condition     = one(one(aws_budgets_budget.this.cost_filter).values) == "user:stack$financial-etl-test"
    error_message = "Of what has the tag."
  }
  assert {
    condition     = toset([for notice in aws_budgets_budget.this.notification : "${notice.notification_type} ${notice.threshold}"]) == toset(["ACTUAL 50", "ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "Told at half, at four fifths, when it is spent, and when it will be."
  }
  assert {
    condition     = alltrue([for notice in aws_budgets_budget.this.notification : contains(notice.subscriber_email_addresses, "ops@example.com") && length(notice.subscriber_sns_topic_arns) == 1])
    error_message = "By mail, and to the topic."
  }
}

run "six_notices_are_refused" {
  command = plan
  variables {
    actual_percents = [10, 20, 30, 40, 50]
  }
  expect_failures = [var.actual_percents]
}
