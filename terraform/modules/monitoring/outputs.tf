# SPDX-License-Identifier: Apache-2.0
output "topic_arn" {
  description = "Where alarms are told: subscribe to it what you like."
  value       = aws_sns_topic.this.arn
}

output "dashboard_name" {
  description = "The dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "alarm_names" {
  description = "Every alarm."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name],
    aws_cloudwatch_metric_alarm.no_sweep[*].alarm_name,
    [aws_cloudwatch_metric_alarm.rejected.alarm_name, aws_cloudwatch_metric_alarm.no_data.alarm_name],
  ))
}
