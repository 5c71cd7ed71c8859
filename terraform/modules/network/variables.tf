# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What everything here is called, as financial-etl-prod."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A name is 3 to 41 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "cidr" {
  description = "The network's addresses; a sixteenth of them is a zone's."
  type        = string
  default     = "10.20.0.0/20"
  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 15)) && try(tonumber(split("/", var.cidr)[1]) <= 24 && tonumber(split("/", var.cidr)[1]) >= 16, false)
    error_message = "A block of /16 to /24, as 10.20.0.0/20."
  }
}

variable "n_zones" {
  description = "In how many availability zones there is a subnet. A database wants two, even if it lives in one."
  type        = number
  default     = 2
  validation {
    condition     = var.n_zones >= 2 && var.n_zones <= 4
    error_message = "2 to 4 zones."
  }
}

variable "bucket_arns" {
  description = "The buckets that can be reached from inside."
  type        = list(string)
  validation {
    condition     = length(var.bucket_arns) > 0 && alltrue([for arn in var.bucket_arns : can(regex("^arn:[a-z-]+:s3:::", arn))])
    error_message = "At least one ARN of a bucket."
  }
}

variable "interface_endpoints" {
  description = "Services, besides S3, that can be reached from inside, as secretsmanager. Each costs by the hour and zone."
  type        = list(string)
  default     = ["secretsmanager"]
  nullable    = false
  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "Names of services as AWS's endpoints have them: secretsmanager, ssm, kms, sqs."
  }
}

variable "secret_arns" {
  description = "Which secrets and parameters can be had from inside; none named: any of this account."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:(secretsmanager|ssm):[^*]+$", arn))])
    error_message = "Each is the ARN of one secret of Secrets Manager, or of one parameter of Systems Manager."
  }
}

variable "flow_log_traffic" {
  description = "What is written to the flow log: ALL, or REJECT, which is nearly nothing."
  type        = string
  default     = "ALL"
  validation {
    condition     = contains(["ALL", "ACCEPT", "REJECT"], var.flow_log_traffic)
    error_message = "ALL, ACCEPT or REJECT."
  }
}

variable "log_retention_days" {
  description = "How long the flow log is kept, in days."
  type        = number
  default     = 365
  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "A year or more, as CloudWatch has it: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "kms_key_arn" {
  description = "The key that the flow log is encrypted with."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "A key is named by its ARN."
  }
}
