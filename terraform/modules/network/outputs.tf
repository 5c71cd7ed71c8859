# SPDX-License-Identifier: Apache-2.0
output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Its private subnets, one a zone."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "function_security_group_id" {
  description = "The security group of the function."
  value       = aws_security_group.function.id
}
