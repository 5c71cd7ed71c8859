# SPDX-License-Identifier: Apache-2.0
variable "name" {
  description = "What the key is called, as financial-etl-prod."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "A name is 3 to 41 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "deletion_window_days" {
  description = "How long a destroyed key can be brought back, in days."
  type        = number
  default     = 30
  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "AWS keeps a destroyed key for 7 to 30 days."
  }
}
