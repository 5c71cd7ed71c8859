# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the budget is called, as financial-etl-prod."
  type        = string
  validation {
    condition     = length(var.name) > 0 && length(var.name) <= 100
    error_message = "1 to 100 characters."
  }
}

variable "limit_dollars" {
  description = "What may be spent in a month, in dollars."
  type        = number
  validation {
    condition     = var.limit_dollars > 0
    error_message = "More than nothing."
  }
}

variable "tag_key" {
  description = "The tag by which costs are told apart."
  type        = string
  default     = "stack"
  validation {
    condition     = can(regex("^[a-zA-Z0-9_.:/=+@-]{1,128}$", var.tag_key))
    error_message = "The key of a tag."
  }
}

variable "tag_value" {
  description = "The tag's value here."
  type        = string
  validation {
    condition     = can(regex("^[a-zA-Z0-9_.:/=+@-]{1,256}$", var.tag_value))
    error_message = "The value of a tag."
  }
}

variable "actual_percents" {
  description = "At which shares of the limit it is told what has been spent, in percent. A forecast above the limit is told in any case."
  type        = list(number)
  default     = [50, 80, 100]
  nullable    = false
  validation {
    condition     = length(var.actual_percents) >= 1 && length(var.actual_percents) <= 4
    error_message = "1 to 4 shares: AWS allows five notices in all."
  }
}

variable "emails" {
  description = "Who is told by mail."
  type        = list(string)
  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10
    error_message = "1 to 10 addresses."
  }
}

variable "topic_arn" {
  description = "The topic that is told as well."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:", var.topic_arn))
    error_message = "A topic is named by its ARN."
  }
}
