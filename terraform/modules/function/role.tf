# SPDX-License-Identifier: Apache-2.0
# What the function may do. Where "*" stands for resources, AWS knows none for the action; a test holds the list.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-function"
  description        = "The function ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_111:traces are of no resource; every other statement names its own
  #checkov:skip=CKV_AWS_356:traces are of no resource; every other statement names its own
  statement {
    sid       = "ReadArrived"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.raw_bucket.arn}/${var.raw_prefix}*"]
  }

  # Without the right to list, an object that is gone cannot be told from one that is forbidden.
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = concat([var.raw_bucket.arn], var.writes_files ? [var.processed_bucket.arn] : [])
  }

  dynamic "statement" {
    for_each = var.writes_files ? ["claims", "processed", "rejects", "reports"] : []
    content {
      sid       = "Write${title(statement.value)}"
      actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"]
      resources = ["${var.processed_bucket.arn}/${statement.value}/*"]
    }
  }

  # Uploads of a run that was killed are aborted by the next.
  dynamic "statement" {
    for_each = var.writes_files ? [var.processed_bucket.arn] : []
    content {
      sid       = "ListUploads"
      actions   = ["s3:ListBucketMultipartUploads"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid       = "TellFailed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }

  dynamic "statement" {
    for_each = var.database == null ? [] : [var.database.secret_arn]
    content {
      sid       = "DatabasePassword"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value]
    }
  }

  # Secrets of Secrets Manager, and parameters of Systems Manager.
  dynamic "statement" {
    for_each = { for service, action in { secretsmanager = "GetSecretValue", ssm = "GetParameter" } : "${service}:${action}" =>
      [for arn in var.secret_arns : arn if strcontains(arn, ":${service}:")]
    if anytrue([for arn in var.secret_arns : strcontains(arn, ":${service}:")]) }
    content {
      sid       = statement.key == "ssm:GetParameter" ? "Parameters" : "Secrets"
      actions   = [statement.key]
      resources = statement.value
    }
  }

  statement {
    sid       = "Traces"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "work"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

# Lambda makes its network interfaces in the function's name, before it is known which they are. The function's own code may not:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
data "aws_iam_policy_document" "network" {
  #checkov:skip=CKV_AWS_111:interfaces that are yet to be made have no name; the second statement keeps the function's code from it
  #checkov:skip=CKV_AWS_356:as above
  statement {
    sid = "PlatformAttachesIt"
    actions = [
      "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "CodeDoesNot"
    effect = "Deny"
    actions = [
      "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["*"]
    condition {
      test     = "ArnEquals"
      variable = "lambda:SourceFunctionArn"
      values   = [local.function_arn]
    }
  }
}

resource "aws_iam_role_policy" "network" {
  count = local.is_inside ? 1 : 0

  name   = "network"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.network.json
}
