# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the buckets' names begin with: NAME-raw-data-SUFFIX and so on."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,28}$", var.name))
    error_message = "A name is 3 to 29 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "suffix" {
  description = "What makes the names one of a kind in the whole world, as environment and account: prod-111122223333."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9-]{1,20}$", var.suffix))
    error_message = "A suffix is 1 to 20 lower-case letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "The key that objects are encrypted with."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}

variable "function_role_name" {
  description = "The role that writes rejects/, and may read them."
  type        = string
  validation {
    condition     = can(regex("^[a-zA-Z0-9+=,.@_-]{1,64}$", var.function_role_name))
    error_message = "The name of a role, not its ARN."
  }
}

variable "rejects_readers" {
  description = "ARNs, also with *, of who else may read rejects/."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for arn in var.rejects_readers : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:", arn))])
    error_message = "Each is the ARN of a role or user, as arn:aws:iam::111122223333:role/stewards."
  }
}

variable "infrequent_days" {
  description = "After how many days objects move to infrequent access."
  type        = number
  default     = 30
  validation {
    condition     = var.infrequent_days >= 30
    error_message = "S3 moves nothing to infrequent access before 30 days."
  }
}

variable "raw_expire_days" {
  description = "After how many days what arrived is deleted; null: never."
  type        = number
  default     = null
  validation {
    condition     = coalesce(var.raw_expire_days, 36500) > 30
    error_message = "More than 30 days, by which it has moved to infrequent access."
  }
}

variable "processed_expire_days" {
  description = "After how many days results are deleted; null: never."
  type        = number
  default     = null
  validation {
    condition     = coalesce(var.processed_expire_days, 36500) > 30
    error_message = "More than 30 days, by which it has moved to infrequent access."
  }
}

variable "rejects_expire_days" {
  description = "After how many days rejected records are deleted; null: never."
  type        = number
  default     = 90
  validation {
    condition     = coalesce(var.rejects_expire_days, 1) >= 1
    error_message = "At least one day."
  }
}

variable "access_logs_expire_days" {
  description = "After how many days S3's access logs are deleted."
  type        = number
  default     = 365
  validation {
    condition     = var.access_logs_expire_days > 30
    error_message = "More than 30 days."
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

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete buckets that hold objects. Only for throw-away environments."
  type        = bool
  default     = false
}
