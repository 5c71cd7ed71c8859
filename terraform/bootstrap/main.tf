# SPDX-License-Identifier: Apache-2.0
# Once for each account: the bucket that Terraform keeps its states in. Its own state is a file here, and small enough to be
# made again by `terraform import` if it is lost.
#
#   terraform -chdir=terraform/bootstrap init && terraform -chdir=terraform/bootstrap apply

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { stack = "${var.project}-state", managed_by = "terraform" }
  }
}

data "aws_caller_identity" "current" {}

module "key" {
  source = "../modules/key"

  name = "${var.project}-state"
}

module "state" {
  source = "../modules/bucket"

  name                 = "${var.project}-state-${data.aws_caller_identity.current.account_id}"
  kms_key_arn          = module.key.arn
  former_versions_days = 365
}
