# SPDX-License-Identifier: Apache-2.0
# terraform init -backend-config=backend.hcl -backend-config=bucket=NAME, the state_bucket that terraform/bootstrap has made
key    = "financial-etl/dev/terraform.tfstate"
region = "eu-central-1"
