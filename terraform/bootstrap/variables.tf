# SPDX-License-Identifier: Apache-2.0
variable "project" {
  description = "What the bucket's name begins with."
  type        = string
  default     = "financial-etl"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.project))
    error_message = "3 to 24 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where the bucket is."
  type        = string
  default     = "eu-central-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region of AWS, as eu-central-1."
  }
}
