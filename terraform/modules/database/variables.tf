# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the server is called, as financial-etl-prod."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A name is 3 to 41 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "vpc_id" {
  description = "The network."
  type        = string
  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The id of a network, as vpc-0123456789abcdef0."
  }
}

variable "subnet_ids" {
  description = "Its private subnets, in two zones at least."
  type        = list(string)
  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS wants subnets in two zones."
  }
}

variable "client_security_group_ids" {
  description = "Who may connect: security groups by a name for each, as { function = \"sg-...\" }. They get the way out as well."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name in keys(var.client_security_group_ids) : can(regex("^[a-z][a-z0-9_-]*$", name))])
    error_message = "Names are of lower-case letters, digits, _ and -."
  }
}

variable "engine_version" {
  description = "PostgreSQL's version: 15 for the newest of 15, or one in full."
  type        = string
  default     = "15"
  validation {
    condition     = try(tonumber(split(".", var.engine_version)[0]) >= 15, false)
    error_message = "PostgreSQL 15 is the oldest that finetl works with."
  }
}

variable "instance_class" {
  description = "The size of the machine."
  type        = string
  default     = "db.t4g.micro"
  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "A class of RDS, as db.t4g.medium."
  }
}

variable "replica_instance_class" {
  description = "The size of a read replica's machine; null: that of the primary."
  type        = string
  default     = null
  validation {
    condition     = var.replica_instance_class == null || startswith(coalesce(var.replica_instance_class, "-"), "db.")
    error_message = "A class of RDS, as db.t4g.medium."
  }
}

variable "n_read_replicas" {
  description = "How many read replicas there are."
  type        = number
  default     = 0
  validation {
    condition     = var.n_read_replicas >= 0 && var.n_read_replicas <= 5
    error_message = "0 to 5."
  }
}

variable "database_name" {
  description = "The database that is made."
  type        = string
  default     = "finetl"
  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "A plain SQL name."
  }
}

variable "master_username" {
  description = "The master user. Its password is RDS's secret."
  type        = string
  default     = "finetl_owner"
  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.master_username)) && !contains(["admin", "postgres", "rdsadmin"], var.master_username)
    error_message = "A plain SQL name, and none that everybody guesses."
  }
}

variable "storage_gb" {
  description = "Storage to begin with, in GB."
  type        = number
  default     = 20
  validation {
    condition     = var.storage_gb >= 20
    error_message = "RDS wants 20 GB at least."
  }
}

variable "max_storage_gb" {
  description = "How far storage grows by itself, in GB."
  type        = number
  default     = 100
  validation {
    condition     = var.max_storage_gb >= 22 && var.max_storage_gb > var.storage_gb * 1.1
    error_message = "More than a tenth above what it begins with, or RDS does not let it grow."
  }
}

variable "multi_az" {
  description = "Whether a second server stands by in another zone."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the server cannot be deleted, and if it is after all, leaves a snapshot and its backups."
  type        = bool
  default     = true
}

variable "backup_retention_days" {
  description = "For how many days back the database can be brought to any second."
  type        = number
  default     = 14
  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "1 to 35 days."
  }
}

variable "log_retention_days" {
  description = "How long the server's log is kept, in days."
  type        = number
  default     = 365
  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "A year or more, as CloudWatch has it: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "kms_key_arn" {
  description = "The key that rows, backups, logs and the password are encrypted with."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}
