# SPDX-License-Identifier: Apache-2.0
# Where files arrive, where results go, and where S3 writes down who read them. Input and output are two buckets, so that no
# result can start the function again; what was not loaded lies apart, below rejects/, since it holds whole records as they came.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  arn       = "arn:${data.aws_partition.current.partition}"
  raw       = "${var.name}-raw-data-${var.suffix}"
  processed = "${var.name}-processed-data-${var.suffix}"
  logs      = "${var.name}-access-logs-${var.suffix}"

  marks_expire_days = var.raw_expire_days == null ? null : var.raw_expire_days + var.former_versions_days
}

module "raw" {
  source = "../bucket"

  name                 = local.raw
  kms_key_arn          = var.kms_key_arn
  access_log           = { bucket = module.logs.name }
  former_versions_days = var.former_versions_days
  force_destroy        = var.force_destroy
  lifecycles = {
    "" = { infrequent_days = var.infrequent_days, expire_days = var.raw_expire_days }
  }
}

module "processed" {
  source = "../bucket"

  name                 = local.processed
  kms_key_arn          = var.kms_key_arn
  access_log           = { bucket = module.logs.name }
  former_versions_days = var.former_versions_days
  force_destroy        = var.force_destroy
  statements           = data.aws_iam_policy_document.rejects.json
  lifecycles = {
    "processed/" = { infrequent_days = var.infrequent_days, expire_days = var.processed_expire_days }
    "rejects/"   = { expire_days = var.rejects_expire_days }
    # What is being done, and what is: both live as long as an event or a sweep could tell of the object again.
    "claims/"  = { expire_days = local.marks_expire_days }
    "reports/" = { infrequent_days = var.infrequent_days, expire_days = local.marks_expire_days }
  }
}

# Rejected records are read by the function and by those who mend them, whatever else a role may read.
data "aws_iam_policy_document" "rejects" {
  statement {
    sid       = "RejectsApart"
    effect    = "Deny"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${local.arn}:s3:::${local.processed}/rejects/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = concat(["${local.arn}:iam::${local.account}:role/${var.function_role_name}"], var.rejects_readers)
    }
  }
}

module "logs" {
  source = "../bucket"

  name                 = local.logs
  former_versions_days = 1
  force_destroy        = var.force_destroy
  statements           = data.aws_iam_policy_document.logs.json
  lifecycles = {
    "" = { infrequent_days = 30, expire_days = var.access_logs_expire_days }
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "AccessLogs"
    actions   = ["s3:PutObject"]
    resources = ["${local.arn}:s3:::${local.logs}/*"]
    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.arn}:s3:::${local.raw}", "${local.arn}:s3:::${local.processed}"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}
