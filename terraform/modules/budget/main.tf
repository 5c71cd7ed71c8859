# SPDX-License-Identifier: Apache-2.0
# What an environment may cost in a month. Costs are told apart by a tag, which the payer's account has to activate once as a
# cost allocation tag; until then the budget sees nothing.

resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.limit_dollars)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:%s$%s", var.tag_key, var.tag_value)]
  }

  dynamic "notification" {
    for_each = concat(
      [for percent in var.actual_percents : { type = "ACTUAL", percent = percent }],
      [{ type = "FORECASTED", percent = 100 }],
    )
    content {
      notification_type          = notification.value.type
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
      subscriber_sns_topic_arns  = [var.topic_arn]
    }
  }
}
