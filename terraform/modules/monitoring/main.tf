# SPDX-License-Identifier: Apache-2.0
# Who is told, and of what. Alarms are a table, so that each is one line to read; the dashboard is in dashboard.tf.
#
# What says nothing is no trouble (`notBreaching`), but where silence is the trouble: no data.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.region

  function = { FunctionName = var.function_name }
  queue    = { QueueName = var.failed_queue_name }
  own      = { service = var.function_name } # finetl's metrics: POWERTOOLS_SERVICE_NAME is the function's name

  of_function = {
    errors = {
      says      = "An invocation failed. The log has the line with level ERROR; after two more tries the event lies in ${var.failed_queue_name}."
      namespace = "AWS/Lambda", metric = "Errors", dimensions = local.function, statistic = "Sum", above = 0
    }
    throttles = {
      says      = "Files wait for a free place for a quarter of an hour: more arrive than reserved_concurrency works off."
      namespace = "AWS/Lambda", metric = "Throttles", dimensions = local.function, statistic = "Sum", above = 0, periods = 3
    }
    duration = {
      says      = "The slowest twentieth of invocations takes more than ${var.duration_percent} percent of the time-out."
      namespace = "AWS/Lambda", metric = "Duration", dimensions = local.function, statistic = "p95", above = var.timeout_s * 10 * var.duration_percent
    }
    event-age = {
      says      = "Events wait for longer than ${var.max_event_age_minutes} minutes before they are worked on."
      namespace = "AWS/Lambda", metric = "AsyncEventAge", dimensions = local.function, statistic = "Maximum", above = var.max_event_age_minutes * 60000
    }
    events-lost = {
      says      = "A failed event could not be put into the queue. `finetl sweep` finds its file."
      namespace = "AWS/Lambda", metric = "DestinationDeliveryFailures", dimensions = local.function, statistic = "Sum", above = 0
    }
    failed-depth = {
      says      = "Events lie in ${var.failed_queue_name} that three tries did not work off."
      namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = local.queue, statistic = "Maximum", above = 0
    }
    failed-age = {
      says      = "An event lies in ${var.failed_queue_name} for more than ${var.max_failed_age_hours} hours; after 14 days it is deleted."
      namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = local.queue, statistic = "Maximum", above = var.max_failed_age_hours * 3600
    }
    objects-failed = {
      says      = "An object could not be loaded, or was held: its report is below reports/, its line in the log has the reason."
      namespace = var.metrics_namespace, metric = "ObjectsFailed", dimensions = local.own, statistic = "Sum", above = 0
    }
    quality = {
      says      = "Fewer than ${var.min_quality_percent} percent of the expectations of an object were met."
      namespace = var.metrics_namespace, metric = "QualityScore", dimensions = local.own, statistic = "Minimum", below = var.min_quality_percent
    }
  }

  of_database = merge([for server in var.databases : {
    "${server}-cpu" = {
      says      = "Processors of ${server} are above ${var.max_database_cpu_percent} percent for a quarter of an hour."
      namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = { DBInstanceIdentifier = server }, statistic = "Average", above = var.max_database_cpu_percent, periods = 3
    }
    "${server}-storage" = {
      says      = "${server} has less than ${var.min_database_storage_gb} GB of storage left."
      namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = server }, statistic = "Minimum", below = var.min_database_storage_gb * 1073741824
    }
    "${server}-connections" = {
      says      = "${server} has more than ${var.max_database_connections} connections."
      namespace = "AWS/RDS", metric = "DatabaseConnections", dimensions = { DBInstanceIdentifier = server }, statistic = "Maximum", above = var.max_database_connections
    }
    "${server}-memory" = {
      says      = "${server} has less than ${var.min_database_memory_mb} MB of memory left for a quarter of an hour."
      namespace = "AWS/RDS", metric = "FreeableMemory", dimensions = { DBInstanceIdentifier = server }, statistic = "Minimum", below = var.min_database_memory_mb * 1048576, periods = 3
    }
  }]...)

  alarms = merge(local.of_function, local.of_database)
}

# ---- who is told ----

resource "aws_sns_topic" "this" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "AlarmsAndBudgets"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.topic.json
}

# ---- of what ----

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${trimprefix(each.key, "${var.name}-")}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = try(each.value.below, null) == null ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = try(each.value.below, each.value.above)
  period              = 300
  evaluation_periods  = try(each.value.periods, 1)
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# A schedule that was switched off, or may not start the function any more, is silent.
resource "aws_cloudwatch_metric_alarm" "no_sweep" {
  count = var.schedule_group == null ? 0 : 1

  alarm_name          = "${var.name}-no-sweep"
  alarm_description   = "Nobody has looked for files without an event for ${3 * var.sweep_hours} hours. Is the schedule ${var.schedule_group} on, and may its role start the function?"
  namespace           = "AWS/Scheduler"
  metric_name         = "InvocationAttemptCount"
  dimensions          = { ScheduleGroup = var.schedule_group }
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 3600
  evaluation_periods  = 3 * var.sweep_hours
  datapoints_to_alarm = 3 * var.sweep_hours
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "rejected" {
  alarm_name          = "${var.name}-rejected"
  alarm_description   = "More than ${var.max_rejected_percent} percent of the records of an hour were rejected. `finetl rejects list`, or rejects/ in the bucket, has them, with reasons."
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_rejected_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]

  metric_query {
    id          = "share"
    label       = "Rejected, percent"
    expression  = "IF(read > 0, 100 * rejected / read, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { read = "RecordsRead", rejected = "RecordsRejected" }
    content {
      id = metric_query.key
      metric {
        namespace   = var.metrics_namespace
        metric_name = metric_query.value
        dimensions  = local.own
        stat        = "Sum"
        period      = 3600
      }
    }
  }
}

# One hour with data among the last N is enough; N hours of nothing, or of no figures at all, are the alarm.
resource "aws_cloudwatch_metric_alarm" "no_data" {
  alarm_name          = "${var.name}-no-data"
  alarm_description   = "No record has arrived for ${var.no_data_hours} hours. Does the sender still send? `finetl sweep` finds files whose event was lost."
  namespace           = var.metrics_namespace
  metric_name         = "RecordsRead"
  dimensions          = local.own
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 3600
  evaluation_periods  = var.no_data_hours
  datapoints_to_alarm = var.no_data_hours
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}
