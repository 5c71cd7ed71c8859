# SPDX-License-Identifier: Apache-2.0
"""A checkpoint of Great Expectations over one data frame, with 0.18 or with 1.x: whichever is installed.

The suite is a file as 1.x writes it; 0.18 has the same expectations and arguments under other names. The checkpoint is what
`context.add_or_update_checkpoint` makes of its name, a batch and a suite.
"""
import json
import logging
import os
import pathlib
import warnings

# Before the import: no report of use is sent.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["GE_USAGE_STATS"] = "false"
warnings.simplefilter("ignore")
logging.getLogger("great_expectations").addHandler(logging.NullHandler())
logging.getLogger("great_expectations").propagate = False

import great_expectations as gx  # noqa: E402

VERSION = gx.__version__
IS_0_18 = VERSION.startswith("0.18.")


def quiet_context():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def run_0_18(context, suite, df, parameters):
    from great_expectations.core.expectation_configuration import ExpectationConfiguration
    from great_expectations.core.expectation_suite import ExpectationSuite

    configurations = [ExpectationConfiguration(expectation_type=e["type"], kwargs=e["kwargs"]) for e in suite["expectations"]]
    context.add_or_update_expectation_suite(expectation_suite=ExpectationSuite(suite["name"], expectations=configurations))
    asset = context.sources.add_pandas("frames").add_dataframe_asset("transactions")
    checkpoint = context.add_or_update_checkpoint(
        name="transactions", evaluation_parameters=parameters,
        validations=[{"batch_request": asset.build_batch_request(dataframe=df), "expectation_suite_name": suite["name"]}])
    return checkpoint.run()


def run_1(context, suite, df, parameters):
    from great_expectations.core.expectation_suite import ExpectationSuite, expectationSuiteSchema

    added = context.suites.add(ExpectationSuite(**expectationSuiteSchema.load(suite)))
    batch = context.data_sources.add_pandas("frames").add_dataframe_asset("transactions").add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="transactions", data=batch, suite=added))
    checkpoint = context.checkpoints.add(gx.Checkpoint(name="transactions", validation_definitions=[definition]))
    return checkpoint.run(batch_parameters={"dataframe": df}, expectation_parameters=parameters)


def validate(df, suite, run_time):
    """Ends the program where an expectation fails; how many hold."""
    result = (run_0_18 if IS_0_18 else run_1)(quiet_context(), json.loads(pathlib.Path(suite).read_text(encoding="utf-8")), df,
                                               {"run_time": run_time})
    (one,) = result.run_results.values()
    results = (one["validation_result"] if isinstance(one, dict) else one).results
    failed = [str(r.expectation_config) for r in results if not r.success]
    if failed or not result.success:
        raise SystemExit(f"expectations failed: {failed}")
    return len(results)
