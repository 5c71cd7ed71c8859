# SPDX-License-Identifier: Apache-2.0
"""The older way of run_lambda.py: a handler as people wrote it, with pandas and boto3, and a bootstrap for it.

The bootstrap is as thin as one can be (AWS's own client of the Runtime API is slower to import): all that is measured
beyond Python's start are boto3, pandas and the handler. It takes well-formed S3 events only, keeps no rejects, knows no
duplicates of an event, and compares nothing with what it read: it does less than finetl, in its own favour.
"""
import http.client
import io
import json
import os
import urllib.parse

import boto3
import numpy as np
import pandas as pd

S3 = boto3.client("s3")
OUTPUT = os.environ["PROCESSED_BUCKET"]
BANDS = ([-np.inf, 50, 200, 500, 1000, np.inf], ["small", "medium", "large", "very_large", "exceptional"])
RISKS = ([-np.inf, 20, 50, 80, np.inf], ["low", "medium", "high", "critical"])


def clean(df):
    for name in ("transaction_id", "customer_id", "merchant_id"):
        df[name] = df[name].str.strip().str.upper()
    for name in ("category", "status", "payment_method"):
        df[name] = df[name].str.strip().str.lower()
    df["merchant_id"] = df["merchant_id"].fillna("MERCH0000")
    df["category"] = df["category"].fillna("unknown")
    df["transaction_date"] = pd.to_datetime(df["transaction_date"], errors="coerce")
    df["amount"] = pd.to_numeric(df["amount"], errors="coerce").round(2)
    df = df.dropna(subset=["transaction_id", "customer_id", "transaction_date", "amount", "status"])
    df = df[(df["amount"] > 0) & (df["amount"] <= 1000000) & df["status"].isin(["completed", "pending", "failed"])]
    now = pd.Timestamp.now()
    df = df[(df["transaction_date"] <= now) & (df["transaction_date"] >= now - pd.Timedelta(days=730))]
    return df.drop_duplicates(subset=["transaction_id"], keep="first").copy()


def derive(df):
    when = df["transaction_date"].dt
    df["transaction_year"], df["transaction_month"], df["transaction_day"] = when.year, when.month, when.day
    df["transaction_dayofweek"], df["transaction_hour"] = when.dayofweek, when.hour
    df["amount_category"] = pd.cut(df["amount"], bins=BANDS[0], labels=BANDS[1])
    score = ((df["amount"] > 5000) * 30 + (df["amount"] > 10000) * 40 + (df["status"] == "failed") * 50 +
             (when.dayofweek >= 5) * 10 + (when.hour < 6) * 20)
    df["risk_score"] = score.clip(0, 100)
    df["risk_level"] = pd.cut(df["risk_score"], bins=RISKS[0], labels=RISKS[1])
    return df


def handler(event):
    done = []
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        body = S3.get_object(Bucket=bucket, Key=key)["Body"].read()
        df = derive(clean(pd.read_csv(io.BytesIO(body))))
        out = io.StringIO()
        df.to_csv(out, index=False)
        S3.put_object(Bucket=OUTPUT, Key=key.replace("raw/", "processed/", 1), Body=out.getvalue().encode())
        done.append({"key": key, "rows": len(df)})
    return {"objects": done}


def main():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        got = api.getresponse()
        invocation, event = got.getheader("Lambda-Runtime-Aws-Request-Id"), json.loads(got.read())
        try:
            path, answer = "response", handler(event)
        except Exception as error:  # whatever it is, it is told
            path, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        api.request("POST", f"/2018-06-01/runtime/invocation/{invocation}/{path}", json.dumps(answer))
        api.getresponse().read()


main()
