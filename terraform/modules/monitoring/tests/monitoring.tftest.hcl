# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name              = "financial-etl-test"
  emails            = ["ops@example.com"]
  kms_key_arn       = "arn:aws:kms:eu-central-1:111122223333:key/1"
  function_name     = "financial-etl-test"
  timeout_s         = 300
  failed_queue_name = "financial-etl-test-failed"
  databases         = ["financial-etl-test"]
  schedule_group    = "financial-etl-test"
}

run "told_by_mail_encrypted" {
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.kms_key_arn
    error_message = "Messages are encrypted."
  }
  assert {
    condition     = aws_sns_topic_subscription.email["ops@example.com"].protocol == "email"
    error_message = "Somebody is told by mail."
  }
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.topic.statement : length(statement.condition) == 1
    ])
    error_message = "Alarms and budgets of this account publish, by TLS, and nobody else."
  }
}

run "alarms" {
  assert {
    condition = output.alarm_names == tolist([
      "financial-etl-test-connections", "financial-etl-test-cpu", "financial-etl-test-duration", "financial-etl-test-errors",
      "financial-etl-test-event-age", "financial-etl-test-events-lost", "financial-etl-test-failed-age", "financial-etl-test-failed-depth",
      "financial-etl-test-memory", "financial-etl-test-no-data", "financial-etl-test-no-sweep", "financial-etl-test-objects-failed", "financial-etl-test-quality",
      "financial-etl-test-rejected", "financial-etl-test-storage", "financial-etl-test-throttles",
    ])
    error_message = "Each alarm that is promised, and none twice."
  }
  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), aws_cloudwatch_metric_alarm.no_sweep, [aws_cloudwatch_metric_alarm.rejected, aws_cloudwatch_metric_alarm.no_data]) :
      alarm.alarm_actions == toset([aws_sns_topic.this.arn]) && length(alarm.alarm_description) > 20
    ])
    error_message = "Each alarm tells somebody, and what to do."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["errors"].threshold == 0 && aws_cloudwatch_metric_alarm.this["errors"].comparison_operator == "GreaterThanThreshold"
    error_message = "One error is enough."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["failed-depth"].threshold == 0 && aws_cloudwatch_metric_alarm.this["failed-depth"].metric_name == "ApproximateNumberOfMessagesVisible"
    error_message = "One failed event is enough."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["duration"].threshold == 240000 && aws_cloudwatch_metric_alarm.this["duration"].extended_statistic == "p95"
    error_message = "Four fifths of the time-out, of the slowest twentieth."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["financial-etl-test-storage"].comparison_operator == "LessThanThreshold" &&
      aws_cloudwatch_metric_alarm.this["financial-etl-test-storage"].threshold == 5 * 1024 * 1024 * 1024
    )
    error_message = "Storage is told before it is full."
  }
}

run "rejected_is_a_share" {
  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.rejected.metric_query : query.expression if query.id == "share"]) == "IF(read > 0, 100 * rejected / read, 0)"
    error_message = "Rejected records by records read."
  }
  assert {
    condition = alltrue([
      for query in aws_cloudwatch_metric_alarm.rejected.metric_query : one(query.metric).dimensions == tomap({ service = "financial-etl-test" }) && one(query.metric).stat == "Sum"
      if length(query.metric) > 0
    ])
    error_message = "Of this function."
  }
}

run "silence_is_told" {
  variables {
    no_data_hours = 5
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.no_data.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.no_data.period == 3600
    error_message = "No figures at all are no data."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.no_data.evaluation_periods == 5 && aws_cloudwatch_metric_alarm.no_data.datapoints_to_alarm == 5
    error_message = "So many hours of nothing."
  }
}

run "a_schedule_that_is_off_is_told" {
  variables {
    sweep_hours = 2
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.no_sweep[0].evaluation_periods == 6 && aws_cloudwatch_metric_alarm.no_sweep[0].treat_missing_data == "breaching" &&
      aws_cloudwatch_metric_alarm.no_sweep[0].dimensions == tomap({ ScheduleGroup = "financial-etl-test" }) && aws_cloudwatch_metric_alarm.no_sweep[0].namespace == "AWS/Scheduler"
    )
    error_message = "Three sweeps that nobody began."
  }
}

run "without_a_schedule" {
  variables {
    schedule_group = null
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.no_sweep) == 0
    error_message = "What is not there is not waited for."
  }
}

run "dashboard" {
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 14
    error_message = "All panels are there."
  }
  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
      widget.x + widget.width <= 24 && length(widget.properties.metrics) > 0 && length(widget.properties.title) > 0 && widget.properties.region == "eu-central-1"
    ])
    error_message = "Panels lie within the page, and show something."
  }
  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y}"])) == 14
    error_message = "No panel hides another."
  }
}

run "without_a_database" {
  variables {
    databases = []
  }
  assert {
    condition     = length(output.alarm_names) == 12 && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 10
    error_message = "What is not there is not watched."
  }
}

run "replicas_are_watched" {
  variables {
    databases = ["financial-etl-test", "financial-etl-test-replica-1"]
  }
  assert {
    condition     = length(output.alarm_names) == 20
    error_message = "Each server has its alarms."
  }
}

run "alarms_that_nobody_hears_are_refused" {
  command = plan
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}

run "more_than_a_week_of_silence_is_refused" {
  command = plan
  variables {
    no_data_hours = 169
  }
  expect_failures = [var.no_data_hours]
}
