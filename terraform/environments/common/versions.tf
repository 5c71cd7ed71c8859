# SPDX-License-Identifier: Apache-2.0
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  # Which bucket and key: backend.hcl of the environment. How it is encrypted is left to the bucket, whose key is that of
  # terraform/bootstrap: with encrypt = true Terraform asks for S3's own key instead, which the bucket's policy refuses.
  backend "s3" {
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      stack       = local.name
      environment = var.environment
      managed_by  = "terraform"
    })
  }
}
