# SPDX-License-Identifier: Apache-2.0
# The one key of an environment: objects, rows, logs, messages and secrets are encrypted with it.
# Who may use it is said by the roles' own policies; here are only the account itself, and the services of AWS
# that use a key under their own name, each for resources of this account and environment only.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  arn     = "arn:${data.aws_partition.current.partition}"
  region  = data.aws_region.current.region
}

data "aws_iam_policy_document" "key" {
  # A policy of a key speaks of that key alone: "*" is the key it belongs to.
  #checkov:skip=CKV_AWS_109:without the account's own statement a key can be lost for good; roles still need a policy of theirs
  #checkov:skip=CKV_AWS_111:as above, and a key has no other resource than itself
  #checkov:skip=CKV_AWS_356:in a policy of a key "*" means this key
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["${local.arn}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["${local.arn}:logs:${local.region}:${local.account}:log-group:*"]
    }
  }

  # An alarm or a budget puts a message onto an encrypted topic.
  statement {
    sid       = "Messages"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
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
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: objects, rows, logs, messages and secrets"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
