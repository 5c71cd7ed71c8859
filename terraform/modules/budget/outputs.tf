# SPDX-License-Identifier: Apache-2.0
output "name" {
  description = "The budget's name."
  value       = aws_budgets_budget.this.name
}
