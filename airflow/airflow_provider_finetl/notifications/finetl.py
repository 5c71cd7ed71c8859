# SPDX-License-Identifier: Apache-2.0
"""FinetlNotifier: the mail about a task that failed. What, where, figures, and what to type next.

Airflow's own SmtpNotifier with a text of ours: server, login and sender come from an SMTP connection, which
is named by its id. What the task's exception says is escaped, as it may quote the input.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import BaseHook
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

SUBJECT = "finetl: {{ dag.dag_id }}.{{ ti.task_id }} failed ({{ run_id }})"
BODY = """<p><b>{{ dag.dag_id | e }}.{{ ti.task_id | e }}</b> failed
{%- if ti.map_index is defined and ti.map_index >= 0 %} for shard {{ ti.map_index }}{% endif %}, try {{ ti.try_number }}.</p>
<pre>{{ exception | string | e }}</pre>
<p>Run {{ run_id | e }}{% if logical_date is defined and logical_date %}, due {{ logical_date.isoformat() }}{% endif %}</p>
<p>Log: <a href="{{ ti.log_url | e }}">{{ ti.log_url | e }}</a></p>
<p>What to type next:</p>
<pre>finetl runs                  # what the warehouse has on record
finetl rejects list          # records that were not loaded, and why
airflow tasks clear {{ dag.dag_id | e }} --task-regex '^{{ ti.task_id | e }}$' --downstream
{%- if logical_date is defined and logical_date %}
{%- set due = logical_date.isoformat() %} --start-date '{{ due }}' --end-date '{{ due }}'{% endif %}
                             # try again once the cause is gone: a step that was done is not done twice</pre>
"""


class FinetlNotifier(SmtpNotifier):
    """Mails that a task failed, through an SMTP connection.

    :param smtp_conn_id: the connection, with server, login, and in its extra `from_email` and `to_email`
    :param to: who is told; else the connection's `to_email`
    """

    def __init__(self, smtp_conn_id="smtp_default", to="", **kwargs):
        super().__init__(to=to, smtp_conn_id=smtp_conn_id, **{"subject": SUBJECT, "html_content": BODY, **kwargs})

    def notify(self, context):
        if not self.to:
            self.to = BaseHook.get_connection(self.smtp_conn_id).extra_dejson.get("to_email")
        if not self.to:
            raise ValueError(f"connection {self.smtp_conn_id} tells nobody to mail to: set to_email in its extra")
        super().notify(context)
