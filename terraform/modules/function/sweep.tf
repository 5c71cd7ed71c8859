# SPDX-License-Identifier: Apache-2.0
# Events are lost, rarely. Every few hours a schedule makes the function look for files that none told of: here, and not on
# a host, since the function has a way to the database, and the right to look at what is there.

locals {
  sweeps = var.sweep_hours == null ? [] : [var.sweep_hours]

  # What came later than this may be in the first of its three tries still, or wait a minute and two for the others. What came
  # before a week was looked at many times.
  sweep_event = {
    finetl     = "sweep"
    older_than = "${ceil(3 * var.timeout_s / 60) + 3}m"
    newer_than = "7d"
  }
}

resource "aws_scheduler_schedule_group" "this" {
  count = length(local.sweeps)

  name = var.name
}

resource "aws_scheduler_schedule" "sweep" {
  count = length(local.sweeps)

  name                = "${var.name}-sweep"
  description         = "finetl: what no event told of"
  group_name          = aws_scheduler_schedule_group.this[0].name
  schedule_expression = local.sweeps[0] == 1 ? "rate(1 hour)" : "rate(${local.sweeps[0]} hours)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.sweep[0].arn
    input    = jsonencode(local.sweep_event)

    # The next one comes by itself; what could not even be begun lies with the failed events, whose depth is an alarm.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 2
    }
    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }
  }

  depends_on = [aws_iam_role_policy.sweep]
}

data "aws_iam_policy_document" "sweep_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["${local.arn}:scheduler:${local.region}:${local.account}:schedule-group/${var.name}"]
    }
  }
}

data "aws_iam_policy_document" "sweep" {
  statement {
    sid       = "Start"
    actions   = ["lambda:InvokeFunction"]
    resources = [local.function_arn]
  }

  statement {
    sid       = "TellFailed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "sweep" {
  count = length(local.sweeps)

  name               = "${var.name}-sweep"
  description        = "The schedule that makes ${var.name} sweep"
  assume_role_policy = data.aws_iam_policy_document.sweep_assume.json
}

resource "aws_iam_role_policy" "sweep" {
  count = length(local.sweeps)

  name   = "start"
  role   = aws_iam_role.sweep[0].id
  policy = data.aws_iam_policy_document.sweep.json
}
