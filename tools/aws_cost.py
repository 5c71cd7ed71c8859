#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a month and a million rows cost on AWS: the tables of terraform/README.md and docs/aws.md, by formulas whose every number
is an option.

  tools/aws_cost.py [--rows-per-file N] [--NAME VALUE]...

  of one file:   (seconds_init + seconds_requests + rows * seconds_row / vcpu) * memory_gb * gb_second + invocation
                 + (puts + parts) * put + (gets + parts) * get + log_bytes * log_gb       parts of 8 MiB
  of a month:    fixed + files * the above + gigabytes kept * storage_gb
  fixed:         hours * (servers * their prices + zones * endpoint) + gigabytes * database_gb + keys, secrets, alarms, metrics

Prices are those of the list as it was known in July 2026; nobody asks AWS for today's.
"""
import argparse

# What each environment has of what is paid by the month or the hour; a standby is a server and its storage once more.
ENVIRONMENTS = {
    "dev": {"keys": 1, "alarms": 12, "metrics": 13},
    "staging": {"keys": 1, "alarms": 16, "metrics": 13, "micros": 1, "database_gbs": 20, "zones": 2, "secrets": 1},
    "prod": {"keys": 1, "alarms": 20, "metrics": 13, "mediums": 3, "database_gbs": 300, "zones": 2, "secrets": 1},
}
# The list of eu-central-1 in dollars, arm64, July 2026; without free tiers, but that of alarms.
PRICES = {"gb_second": 0.0000133334, "invocation": 0.0000002, "put": 0.0000054, "get": 0.00000043, "storage_gb": 0.0245, "log_gb": 0.63,
          "key": 1.0, "alarm": 0.10, "alarms_free": 10, "metric": 0.30, "micro_hour": 0.019, "medium_hour": 0.073, "database_gb": 0.137,
          "endpoint_hour": 0.012, "secret": 0.40, "hours": 730}
# Measured or assumed; docs/aws.md says which.
ASSUMED = {"memory_gb": 0.5, "vcpu": 0.29, "seconds_init": 0.1, "seconds_requests": 0.4, "seconds_row": 0.000002, "seconds_row_database": 0.00003,
           "puts": 8, "gets": 8, "log_bytes": 3000, "bytes_row": 250, "months_kept": 2}
PART_BYTES = 8 << 20


def file_dollars(p, rows, with_database):
    row = p["seconds_row"] / p["vcpu"] + (p["seconds_row_database"] if with_database else 0)
    parts = rows * p["bytes_row"] // PART_BYTES
    seconds = p["seconds_init"] + p["seconds_requests"] + rows * row
    return {"function": seconds * p["memory_gb"] * p["gb_second"] + p["invocation"],
            "requests of S3": (p["puts"] + parts) * p["put"] + (p["gets"] + parts) * p["get"],
            "log": p["log_bytes"] / 1e9 * p["log_gb"]}


def million_dollars(p, rows_per_file, with_database):
    """By what it is for, of a million rows in files of that size."""
    parts = {name: d * 1e6 / rows_per_file for name, d in file_dollars(p, rows_per_file, with_database).items()}
    parts["storage"] = 1e6 * p["bytes_row"] / 1e9 * p["storage_gb"] * p["months_kept"]
    return parts


def fixed_dollars(p, has):
    """By what it is for, of a month in which nothing arrives."""
    def n(name):
        return has.get(name, 0)

    return {"KMS key": n("keys") * p["key"],
            "alarms, metrics of finetl's": max(0, n("alarms") - p["alarms_free"]) * p["alarm"] + n("metrics") * p["metric"],
            "database": (n("micros") * p["micro_hour"] + n("mediums") * p["medium_hour"]) * p["hours"],
            "its storage": n("database_gbs") * p["database_gb"],
            "endpoint for Secrets Manager, the secret": n("zones") * p["endpoint_hour"] * p["hours"] + n("secrets") * p["secret"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (PRICES | ASSUMED).items():
        parser.add_argument("--" + name.replace("_", "-"), type=float, default=value, help="(default: %(default)s)")
    parser.add_argument("--rows-per-file", type=int, nargs="+", default=[1000, 10000, 1000000])
    parser.add_argument("--rows-per-month", type=float, nargs="+", default=[1e6, 30e6, 300e6])
    args = parser.parse_args()
    p = vars(args)

    fixed = {name: fixed_dollars(p, has) for name, has in ENVIRONMENTS.items()}
    print("| a month | " + " | ".join(fixed) + " |\n|---|" + "---|" * len(fixed))
    for what in fixed["dev"]:
        print(f"| {what} | " + " | ".join(f"${parts[what]:.2f}" if parts[what] else "" for parts in fixed.values()) + " |")
    print("| **together** | " + " | ".join(f"**${sum(parts.values()):.2f}**" for parts in fixed.values()) + " |")

    for with_database in (False, True):
        print(f"\n| a million rows, {'into PostgreSQL and files' if with_database else 'files only'} | "
              + " | ".join(f"in files of {n:,}" for n in args.rows_per_file) + " |")
        print("|---|" + "---|" * len(args.rows_per_file))
        columns = [million_dollars(p, n, with_database) for n in args.rows_per_file]
        for name in columns[0]:
            print(f"| {name} | " + " | ".join(f"${c[name]:.4f}" for c in columns) + " |")
        print("| **together** | " + " | ".join(f"**${sum(c.values()):.4f}**" for c in columns) + " |")

    print("\n| in files of 10,000, at so many rows a month | " + " | ".join(f"{n / 1e6:,.0f} million" for n in args.rows_per_month) + " |")
    print("|---|" + "---|" * len(args.rows_per_month))
    for name in ENVIRONMENTS:
        each = sum(million_dollars(p, 10000, name != "dev").values())
        print(f"| {name} | " + " | ".join(f"${sum(fixed[name].values()) / (n / 1e6) + each:.2f}" for n in args.rows_per_month) + " |")


if __name__ == "__main__":
    main()
