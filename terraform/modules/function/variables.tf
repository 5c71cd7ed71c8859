# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the function is called, as financial-etl-prod. Its role is NAME-function."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A name is 3 to 41 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

# ---- the program ----

variable "package_file" {
  description = "The zip with `bootstrap`, of a release or built here."
  type        = string
  validation {
    condition     = fileexists(var.package_file)
    error_message = "There is no such file: take the zip of a release, or build it."
  }
}

variable "package_sha256" {
  description = "The package's SHA-256, in hexadecimal, as SHA256SUMS of the release has it; null: any is taken."
  type        = string
  default     = null
  validation {
    condition     = var.package_sha256 == null || can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "64 hexadecimal digits, in lower case."
  }
}

variable "settings_file" {
  description = "A zip that is unpacked at /opt: pipeline files, suites, certificate authorities; null: the package has all of it."
  type        = string
  default     = null
  validation {
    condition     = var.settings_file == null || fileexists(coalesce(var.settings_file, "-"))
    error_message = "There is no such file."
  }
}

variable "architecture" {
  description = "The package's: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "x86_64 or arm64."
  }
}

# ---- what it works on ----

variable "pipeline" {
  description = "The pipeline file, as the function sees it: below /opt where settings_file has it, else /var/task."
  type        = string
  default     = "/opt/pipelines/financial_transactions.yaml"
  validation {
    condition     = startswith(var.pipeline, "/opt/") || startswith(var.pipeline, "/var/task/")
    error_message = "A path below /opt or /var/task."
  }
}

variable "raw_bucket" {
  description = "Where files arrive."
  type        = object({ name = string, arn = string })
  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::", var.raw_bucket.arn))
    error_message = "Name and ARN of a bucket."
  }
}

variable "raw_prefix" {
  description = "Objects below this prefix start the function."
  type        = string
  default     = "raw/"
  validation {
    condition     = can(regex("^[^/].*/$", var.raw_prefix))
    error_message = "A prefix that ends with a slash, as raw/."
  }
}

variable "processed_bucket" {
  description = "Where results go: another one."
  type        = object({ name = string, arn = string })
  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::", var.processed_bucket.arn))
    error_message = "Name and ARN of a bucket."
  }
  validation {
    condition     = var.processed_bucket.name != var.raw_bucket.name
    error_message = "Results go into another bucket than files arrive in, or each would start the function again."
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

variable "database" {
  description = "The warehouse: its URL without user and password, and the secret that has both; null: none."
  type        = object({ url = string, secret_arn = string })
  default     = null
  validation {
    condition     = var.database == null || can(regex("^postgresql://[^@]*[?]sslmode=verify-full$", var.database.url))
    error_message = "A URL without a user, whose server must prove who it is: postgresql://HOST:5432/DATABASE?sslmode=verify-full."
  }
}

variable "database_ca_file" {
  description = "The authorities of RDS, as the function sees the file (settings_file or the package has it)."
  type        = string
  default     = "/opt/certs/rds-global-bundle.pem"
  validation {
    condition     = startswith(var.database_ca_file, "/opt/") || startswith(var.database_ca_file, "/var/task/")
    error_message = "A path below /opt or /var/task."
  }
}

variable "network" {
  description = "Where the function lives if it needs the database; null: in no network of yours."
  type        = object({ subnet_ids = list(string), security_group_id = string })
  default     = null
  validation {
    condition     = var.network == null || length(try(var.network.subnet_ids, ["-"])) > 0
    error_message = "At least one subnet."
  }
}

variable "environment" {
  description = "More of the function's environment, as { FINETL_PARAMS = \"{\\\"country\\\": \\\"DE\\\"}\" }. Instead of a secret its ARN, here and in secret_arns."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name, value in var.environment : !can(regex("(?i)password|token|private_key", name)) || startswith(value, "arn:")])
    error_message = "A password does not belong here: whoever may see the function could read it. Put it into Secrets Manager, and its ARN here."
  }
}

variable "secret_arns" {
  description = "Secrets and parameters, besides the database's secret, that the function may read: encrypted with the environment's key, or with AWS's own."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:(secretsmanager|ssm):[^*]+$", arn))])
    error_message = "Each is the ARN of one secret of Secrets Manager, or of one parameter of Systems Manager."
  }
}

variable "sweep_hours" {
  description = "Every how many hours it looks for files that no event told of; null: never."
  type        = number
  default     = 1
  validation {
    condition     = var.sweep_hours == null || try(var.sweep_hours >= 1 && var.sweep_hours <= 48 && floor(var.sweep_hours) == var.sweep_hours, false)
    error_message = "1 to 48 whole hours: each sweep looks back a week."
  }
}

# ---- how much of everything ----

variable "memory_mb" {
  description = "Memory, in MB; the share of a processor grows with it."
  type        = number
  default     = 512
  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "128 to 10240 MB."
  }
}

variable "timeout_s" {
  description = "How long one invocation may take, in seconds."
  type        = number
  default     = 300
  validation {
    condition     = var.timeout_s >= 30 && var.timeout_s <= 900
    error_message = "30 to 900 seconds."
  }
}

variable "scratch_mb" {
  description = "Room in /tmp, for what a run sets aside, in MB."
  type        = number
  default     = 2048
  validation {
    condition     = var.scratch_mb >= 512 && var.scratch_mb <= 10240
    error_message = "512 to 10240 MB."
  }
}

variable "reserved_concurrency" {
  description = "How many objects are worked on at once, at most: each has a connection to the database."
  type        = number
  default     = 10
  validation {
    condition     = var.reserved_concurrency >= 1 && var.reserved_concurrency <= 1000
    error_message = "1 to 1000; without a bound a thousand files are a thousand connections."
  }
}

# ---- what it tells ----

variable "metrics_namespace" {
  description = "The namespace of finetl's metrics in CloudWatch."
  type        = string
  default     = "finetl"
  validation {
    condition     = can(regex("^[a-zA-Z0-9._/-]{1,255}$", var.metrics_namespace)) && !startswith(var.metrics_namespace, "AWS/")
    error_message = "Letters, digits and . _ / -, and not AWS/, which is AWS's."
  }
}

variable "log_level" {
  description = "The least of what is logged: DEBUG or INFO. Above that Lambda would drop finetl's metrics, which it takes for lines of INFO."
  type        = string
  default     = "INFO"
  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "DEBUG or INFO: above INFO Lambda drops lines without a level, and metrics are such lines."
  }
}

variable "log_retention_days" {
  description = "How long the log is kept, in days."
  type        = number
  default     = 365
  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "A year or more, as CloudWatch has it: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "kms_key_arn" {
  description = "The key of objects, environment, log, queue and secrets."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}
