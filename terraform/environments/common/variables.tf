# SPDX-License-Identifier: Apache-2.0
variable "environment" {
  description = "The environment's name, as prod: part of every other name."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,7}$", var.environment))
    error_message = "2 to 8 lower-case letters and digits."
  }
}

variable "project" {
  description = "What every name begins with."
  type        = string
  default     = "financial-etl"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,23}$", var.project))
    error_message = "3 to 24 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where everything is."
  type        = string
  default     = "eu-central-1"
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region of AWS, as eu-central-1."
  }
}

variable "tags" {
  description = "Who pays and who answers: at least owner and cost_center."
  type        = map(string)
  validation {
    condition     = alltrue([for key in ["owner", "cost_center"] : contains(keys(var.tags), key)])
    error_message = "Name owner and cost_center: costs that belong to nobody are nobody's to lower."
  }
}

variable "throw_away" {
  description = "Whether `terraform destroy` may take data with it: buckets with objects, and the database without a last snapshot."
  type        = bool
  default     = false
}

# ---- the program ----

variable "package_file" {
  description = "The zip with `bootstrap`, of a release or built here."
  type        = string
  default     = "finetl-lambda.zip"
  validation {
    condition     = endswith(var.package_file, ".zip")
    error_message = "A zip."
  }
}

variable "package_sha256" {
  description = "The package's SHA-256, as SHA256SUMS of the release has it; null: any is taken."
  type        = string
  default     = null
  validation {
    condition     = var.package_sha256 == null || can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "64 hexadecimal digits, in lower case."
  }
}

variable "settings_file" {
  description = "A zip that is unpacked at /opt: pipelines/, suites/, certs/; null: the package has all of it."
  type        = string
  default     = "finetl-settings.zip"
  validation {
    condition     = var.settings_file == null || endswith(coalesce(var.settings_file, "-"), ".zip")
    error_message = "A zip."
  }
}

variable "architecture" {
  description = "The package's: x86_64 or arm64."
  type        = string
  default     = "arm64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "x86_64 or arm64."
  }
}

variable "pipeline" {
  description = "The pipeline file, as the function sees it."
  type        = string
  default     = "/opt/pipelines/financial_transactions.yaml"
  validation {
    condition     = startswith(var.pipeline, "/opt/") || startswith(var.pipeline, "/var/task/")
    error_message = "A path below /opt or /var/task."
  }
}

variable "writes_files" {
  description = "Whether results are written into the processed bucket. Without it there must be a database."
  type        = bool
  default     = true
}

variable "processed_at" {
  description = "Whether the files of processed/ have a last column processed_at."
  type        = bool
  default     = false
}

variable "function_environment" {
  description = "More of the function's environment. Instead of a secret its ARN, here and in secret_arns."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "secret_arns" {
  description = "Secrets and parameters, besides the database's secret, that the function may read: encrypted with the environment's key, or with AWS's own."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "sweep_hours" {
  description = "Every how many hours it looks for files that no event told of; null: never."
  type        = number
  default     = 1
}

variable "memory_mb" {
  description = "The function's memory, in MB."
  type        = number
  default     = 512
}

variable "timeout_s" {
  description = "How long one invocation may take, in seconds."
  type        = number
  default     = 300
}

variable "reserved_concurrency" {
  description = "How many objects are worked on at once, at most."
  type        = number
  default     = 10
}

variable "log_level" {
  description = "The least of what the function logs: DEBUG or INFO."
  type        = string
  default     = "INFO"
}

variable "log_retention_days" {
  description = "How long logs are kept, in days: a year or more."
  type        = number
  default     = 365
}

# ---- buckets ----

variable "bucket_suffix" {
  description = "What makes the buckets' names one of a kind; null: environment and account."
  type        = string
  default     = null
}

variable "raw_expire_days" {
  description = "After how many days what arrived is deleted; null: never."
  type        = number
  default     = null
}

variable "processed_expire_days" {
  description = "After how many days results are deleted; null: never."
  type        = number
  default     = null
}

variable "rejects_expire_days" {
  description = "After how many days rejected records are deleted; null: never."
  type        = number
  default     = 90
}

variable "former_versions_days" {
  description = "How long a replaced or deleted object can be brought back, in days."
  type        = number
  default     = 30
}

variable "rejects_readers" {
  description = "ARNs, also with *, of who besides the function may read rejects/."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "key_deletion_window_days" {
  description = "How long a destroyed key can be brought back, in days."
  type        = number
  default     = 30
}

# ---- the database, and the network that it is in ----

variable "database" {
  description = "The warehouse in PostgreSQL; null: none, and no network either. loader_secret_arn: a secret with the username and password of a role that loads, instead of the master's."
  type = object({
    engine_version        = optional(string, "15")
    instance_class        = optional(string, "db.t4g.micro")
    storage_gb            = optional(number, 20)
    max_storage_gb        = optional(number, 100)
    multi_az              = optional(bool, true)
    backup_retention_days = optional(number, 14)
    n_read_replicas       = optional(number, 0)
    max_connections       = optional(number, 60)
    loader_secret_arn     = optional(string)
  })
  default = null
  validation {
    condition     = var.database == null || can(regex("^$|^arn:[a-z-]+:secretsmanager:[^*]+$", try(coalesce(var.database.loader_secret_arn, ""), "")))
    error_message = "loader_secret_arn is the ARN of one secret."
  }
}

variable "cidr" {
  description = "The network's addresses."
  type        = string
  default     = "10.20.0.0/20"
}

variable "n_zones" {
  description = "In how many availability zones there is a subnet."
  type        = number
  default     = 2
}

variable "interface_endpoints" {
  description = "Services, besides S3, that the function reaches from inside of the network."
  type        = list(string)
  default     = ["secretsmanager"]
  nullable    = false
}

variable "flow_log_traffic" {
  description = "What is written to the flow log: ALL or REJECT."
  type        = string
  default     = "ALL"
}

# ---- who is told, and of what ----

variable "emails" {
  description = "Who is told by mail, of alarms and of costs."
  type        = list(string)
}

variable "max_rejected_percent" {
  description = "How many of an hour's records may be rejected, in percent."
  type        = number
  default     = 5
}

variable "no_data_hours" {
  description = "For how long nothing may arrive, in hours."
  type        = number
  default     = 26
}

variable "budget_dollars" {
  description = "What may be spent in a month, in dollars."
  type        = number
}
