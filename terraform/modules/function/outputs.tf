# SPDX-License-Identifier: Apache-2.0
output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.this.arn
}

output "role_arn" {
  description = "The role it runs as."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "Where its log is."
  value       = aws_cloudwatch_log_group.this.name
}

output "failed_queue" {
  description = "Where events lie that could not be worked off: name, ARN and URL of the queue."
  value       = { name = aws_sqs_queue.failed.name, arn = aws_sqs_queue.failed.arn, url = aws_sqs_queue.failed.url }
}

output "schedule_group" {
  description = "The group of the schedule that makes it sweep, as its metrics name it; null: there is none."
  value       = one(aws_scheduler_schedule_group.this[*].name)
}
