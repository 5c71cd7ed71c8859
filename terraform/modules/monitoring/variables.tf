# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the dashboard is called, and alarms begin with, as financial-etl-prod."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A name is 3 to 41 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "emails" {
  description = "Who is told by mail. Each has to confirm once."
  type        = list(string)
  validation {
    condition     = length(var.emails) > 0 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "At least one address: an alarm that nobody hears is none."
  }
}

variable "kms_key_arn" {
  description = "The key that messages are encrypted with. Its policy lets CloudWatch and Budgets use it."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}

# ---- what is watched ----

variable "function_name" {
  description = "The function, which is the dimension `service` of finetl's metrics, too."
  type        = string
  validation {
    condition     = length(var.function_name) > 0
    error_message = "The name of a function."
  }
}

variable "timeout_s" {
  description = "The function's time-out, in seconds."
  type        = number
  validation {
    condition     = var.timeout_s > 0
    error_message = "Seconds."
  }
}

variable "metrics_namespace" {
  description = "The namespace of finetl's metrics in CloudWatch."
  type        = string
  default     = "finetl"
  validation {
    condition     = can(regex("^[a-zA-Z0-9._/-]{1,255}$", var.metrics_namespace)) && !startswith(var.metrics_namespace, "AWS/")
    error_message = "Letters, digits and . _ / -, and not AWS/, which is AWS's."
  }
}

variable "failed_queue_name" {
  description = "The queue of events that could not be worked off."
  type        = string
  validation {
    condition     = length(var.failed_queue_name) > 0
    error_message = "The name of a queue."
  }
}

variable "schedule_group" {
  description = "The group of the schedule that makes the function sweep; null: there is none."
  type        = string
  default     = null
  validation {
    condition     = var.schedule_group == null || try(length(var.schedule_group) > 0, false)
    error_message = "The name of a group of schedules."
  }
}

variable "sweep_hours" {
  description = "Every how many hours it does; three times that without is told."
  type        = number
  default     = 1
  validation {
    condition     = var.sweep_hours >= 1 && var.sweep_hours <= 48
    error_message = "1 to 48 hours."
  }
}

variable "databases" {
  description = "Servers of RDS, by identifier: the primary and its replicas."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = length(distinct(var.databases)) == length(var.databases)
    error_message = "Each once."
  }
}

# ---- what is too much ----

variable "duration_percent" {
  description = "How much of its time-out an invocation may take, in percent."
  type        = number
  default     = 80
  validation {
    condition     = var.duration_percent > 0 && var.duration_percent < 100
    error_message = "Below 100 percent."
  }
}

variable "max_event_age_minutes" {
  description = "How long an event may wait before it is worked on, in minutes."
  type        = number
  default     = 30
  validation {
    condition     = var.max_event_age_minutes > 0 && var.max_event_age_minutes < 360
    error_message = "Below 360 minutes, after which Lambda gives up."
  }
}

variable "max_failed_age_hours" {
  description = "How long a failed event may lie before somebody looks, in hours."
  type        = number
  default     = 24
  validation {
    condition     = var.max_failed_age_hours > 0 && var.max_failed_age_hours < 336
    error_message = "Below 336 hours, after which it is deleted."
  }
}

variable "max_rejected_percent" {
  description = "How many of an hour's records may be rejected, in percent."
  type        = number
  default     = 5
  validation {
    condition     = var.max_rejected_percent >= 0 && var.max_rejected_percent < 100
    error_message = "0 to 99 percent."
  }
}

variable "min_quality_percent" {
  description = "How many of an object's expectations are to be met, in percent."
  type        = number
  default     = 95
  validation {
    condition     = var.min_quality_percent >= 0 && var.min_quality_percent <= 100
    error_message = "0 to 100 percent."
  }
}

variable "no_data_hours" {
  description = "For how long nothing may arrive, in hours."
  type        = number
  default     = 26
  validation {
    condition     = var.no_data_hours >= 1 && var.no_data_hours <= 168 && floor(var.no_data_hours) == var.no_data_hours
    error_message = "1 to 168 whole hours: CloudWatch looks back a week at most."
  }
}

variable "max_database_cpu_percent" {
  description = "How busy the database's processors may be, in percent."
  type        = number
  default     = 80
  validation {
    condition     = var.max_database_cpu_percent > 0 && var.max_database_cpu_percent < 100
    error_message = "Below 100 percent."
  }
}

variable "min_database_storage_gb" {
  description = "How much storage is to be left, in GB."
  type        = number
  default     = 5
  validation {
    condition     = var.min_database_storage_gb > 0
    error_message = "More than none."
  }
}

variable "max_database_connections" {
  description = "How many connections there may be: below what the machine's memory allows (about 80 for each GB)."
  type        = number
  default     = 60
  validation {
    condition     = var.max_database_connections > 0
    error_message = "More than none."
  }
}

variable "min_database_memory_mb" {
  description = "How much memory is to be left, in MB."
  type        = number
  default     = 100
  validation {
    condition     = var.min_database_memory_mb > 0
    error_message = "More than none."
  }
}
