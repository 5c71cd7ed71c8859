# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "The bucket's name: one of its kind in the whole world."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits and hyphens; no dots, which break TLS names."
  }
}

variable "kms_key_arn" {
  description = "The key that objects are encrypted with; null: S3's own (AES-256), for a bucket that receives access logs."
  type        = string
  default     = null
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}

variable "access_log" {
  description = "The bucket where S3 writes who read and wrote; null: nowhere."
  type        = object({ bucket = string })
  default     = null
  validation {
    condition     = var.access_log == null || try(length(var.access_log.bucket), 0) >= 3
    error_message = "The name of a bucket."
  }
}

variable "lifecycles" {
  description = "By prefix (\"\" is all): after how many days objects move to infrequent access, and after how many they expire; null: never."
  type = map(object({
    infrequent_days = optional(number)
    expire_days     = optional(number)
  }))
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for rule in values(var.lifecycles) : coalesce(rule.infrequent_days, 30) >= 30])
    error_message = "S3 moves nothing to infrequent access before 30 days."
  }
  validation {
    condition     = alltrue([for rule in values(var.lifecycles) : coalesce(rule.expire_days, 36500) > coalesce(rule.infrequent_days, 0)])
    error_message = "Objects expire after they have moved to infrequent access, not before."
  }
}

variable "former_versions_days" {
  description = "How long a replaced or deleted object can be brought back, in days."
  type        = number
  default     = 30
  validation {
    condition     = var.former_versions_days >= 1
    error_message = "At least one day."
  }
}

variable "statements" {
  description = "A policy document (JSON) whose statements are added to the bucket's policy; null: none."
  type        = string
  default     = null
  validation {
    condition     = var.statements == null || can(jsondecode(var.statements))
    error_message = "A policy document is JSON."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete a bucket that holds objects. Only for throw-away environments."
  type        = bool
  default     = false
}
