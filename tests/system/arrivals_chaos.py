# SPDX-License-Identifier: Apache-2.0
"""A bad day for `finetl lambda`: versions of some keys are put, deleted and broken while functions are told of them, twice, late, in
another order, in events of every form, or never; and the functions are killed, frozen, stopped and cut short by their time. What a
message was not answered for comes again, as Lambda and SQS would have it. A sweep ends the day, and the state is compared with
what was put.

One thread makes the day in its order; a few threads are an environment of Lambda each: a Runtime API and a process."""

import collections
import itertools
import queue
import random
import signal
import threading
import time
import urllib.parse

from arrivals import check_state, transactions
from runtimeapi import Function, Invocation, RuntimeApi, TEST_EVENT, eventbridge, s3_event, s3_record, sns, sns_body, sqs

N_FUNCTIONS = 3
TRIES = 3           # of Lambda; what fails as often is for the sweep
TRIES_FOR_SURE = 30  # of what no sweep finds, being deleted
FORMS = ["s3", "s3", "bridge", "sns", "sqs", "sqs"]


class Version:
    """One state of a key, and how to tell of it."""

    def __init__(self, key, number, made, body, sequencer, rows):
        self.key, self.number, self.sequencer, self.rows = key, number, sequencer, rows
        self.version, self.etag, self.size = made.get("VersionId"), made["ETag"].strip('"'), len(body)
        self.is_done = False  # told of, and answered as a success

    @property
    def is_good(self):
        return self.rows is not None

    def members(self, **names):
        told = {"size": self.size, names["etag"]: self.etag, names["version"]: self.version, "sequencer": self.sequencer}
        return {name: value for name, value in told.items() if value is not None}

    def record(self, bucket):
        return s3_record(urllib.parse.quote_plus(self.key, safe="/"), bucket, **self.members(etag="eTag", version="versionId"))

    def bridge(self, bucket):
        return eventbridge(self.key, bucket, **self.members(etag="etag", version="version-id"))


class Key:
    def __init__(self, number, fate):
        self.number, self.fate = number, fate  # good, broken or deleted: how it ends
        self.name = f"transactions/{number % 7}/k é+{number}"
        self.versions = []

    @property
    def path(self):
        return f"raw/{self.name}.csv"

    def rows_of_next(self):
        """All that were there before, with another status, and maybe a new one: what is left does not depend on what was in between."""
        n, k = len(self.versions) + 1, self.number
        return [(k * 1000 + i, f"{k + 1}.{i % 100:02}", f"v{n}") for i in range(2 + n // 2)]

    def put(self, place, sequencer, is_good, rng):
        rows = self.rows_of_next()
        body = transactions(*rows, *([(self.number * 1000 + 999, "-5.00", "bad")] if self.number % 2 else []))
        if not is_good:
            body = transactions(*((i, f"-{amount}", s) for i, amount, s in rows)) if rng.random() < 0.5 else body + 'T1,"C1'
        made = place.client.put_object(Bucket=place.raw, Key=self.path, Body=body)
        want = {f"T{i}": (amount, status) for i, amount, status in rows} if is_good else None
        self.versions.append(Version(self.path, len(self.versions), made, body, sequencer, want))
        return self.versions[-1]

    def expected(self):
        """The version whose rows are there in the end; None: none is."""
        if self.fate == "good":
            return self.versions[-1]
        done = [v for v in self.versions if v.is_good and v.is_done]
        return done[-1] if done else None


class Message:
    """What is answered for, as a whole: a body of SQS, or an event of any other form."""

    def __init__(self, body, versions, may_fail=False):
        self.body, self.versions = body, versions
        self.may_fail = may_fail or any(not v.is_good for v in versions)


class Environment:
    """One of Lambda's: frozen and killed at will, and made anew when it is needed."""

    def __init__(self, chaos, number):
        self.chaos, self.number, self.rng = chaos, number, random.Random(f"{chaos.seed}/{number}")
        self.api = self.function = None
        self.n_started, self.is_ending = 0, False
        self.seconds = 0.15  # that an invocation took

    def start(self):
        self.api, folder = RuntimeApi(), self.chaos.place.folder / f"function-{self.number}-{self.n_started}"
        folder.mkdir()
        self.n_started += 1
        place = self.chaos.place
        names = {name: value for name, value in place.env.items() if name.startswith("AWS_") or name == "TMPDIR"}
        self.function = Function([place.finetl.binary, "lambda"], self.api, folder, names | self.chaos.settings)

    def end(self):
        if self.api:
            self.api.__exit__()
        if self.function:
            self.function.__exit__()
        self.api = self.function = None

    def harm(self):
        """What happens to the process from a thread of its own while it is at work; None: nothing."""
        what = self.rng.random()
        for name, share in self.chaos.harms.items():
            what -= share
            if what < 0:
                return name
        return None

    def do_harm(self, name, process, delay, over):
        if over.wait(delay):
            return
        self.is_ending = name != "frozen"
        self.chaos.counts[name] += 1
        if name == "killed":
            process.send_signal(signal.SIGKILL)
        elif name == "stopped":
            process.send_signal(signal.SIGTERM)
        elif name == "frozen":
            process.send_signal(signal.SIGSTOP)
            time.sleep(self.rng.random() * 1.5)
            process.send_signal(signal.SIGCONT)

    def tell(self, event):
        """The answer; None: the process is no more."""
        if self.function is None or self.function.process.poll() is not None:
            self.end()
            self.start()
        harm = self.harm()
        told = Invocation(event, timeout=0.5 + self.rng.random() * self.seconds if harm == "hurried" else 60, chunked=self.rng.random() < 0.2)
        if harm == "hurried":
            self.chaos.counts[harm] += 1
        self.api.by_id[told.id] = told
        began, process, thread = time.monotonic(), self.function.process, None
        self.is_ending = False
        self.api.events.put(told)
        if harm in ("killed", "stopped", "frozen"):
            thread = threading.Thread(target=self.do_harm, args=(harm, process, self.rng.random() * self.seconds * 1.2, told.over))
            thread.start()
        while not told.over.wait(0.02) and process.poll() is None:
            assert time.monotonic() - began < 120, "the function does not answer"
        if thread:
            thread.join()
        if not told.over.wait(0.2):
            code = process.wait(10)
            assert code in (-signal.SIGKILL, -signal.SIGTERM, 0) and harm in ("killed", "stopped"), (code, harm, self.function.err.read_text()[-2000:])
            return None
        if harm is None:
            self.seconds = 0.8 * self.seconds + 0.2 * (time.monotonic() - began)
        if self.is_ending:
            process.wait(20)
        return told.answers[-1]


class Chaos:
    harms = {"killed": 0.2, "stopped": 0.05, "frozen": 0.05, "hurried": 0.04}

    def __init__(self, place, seed, n_tellings, is_versioned=True):
        self.place, self.seed, self.n_tellings, self.is_versioned = place, seed, n_tellings, is_versioned
        self.rng, self.counts = random.Random(seed), collections.Counter()
        named = dict(zip(place.options[::2], place.options[1::2]))
        self.settings = {"FINETL_PIPELINE": place.file, "FINETL_WAREHOUSE": named["--warehouse"], "FINETL_WAIT": "20s"}
        if "--output" in named:
            self.settings["FINETL_OUTPUT"] = named["--output"]
        self.sequencers = (f"{0xA0 + n:08X}" for n in itertools.count())
        self.keys = [Key(n, self.fate()) for n in range(max(4, n_tellings // 6))]
        self.late, self.failure = [], []
        self.told = queue.Queue(maxsize=2 * N_FUNCTIONS)

    def fate(self):
        return self.rng.choices(["good", "broken", "deleted"], [8, 1, 1])[0] if self.is_versioned else "good"

    # ---- the day, in its order ----

    def puts(self):
        """Every key at least once; broken ones end with what is broken, and all others with what is good."""
        order = self.keys + self.rng.choices(self.keys, k=int(self.n_tellings * 0.7) - len(self.keys))
        self.rng.shuffle(order)
        left = collections.Counter(key.number for key in order)
        for key in order:
            left[key.number] -= 1
            is_last = left[key.number] == 0
            is_good = key.fate != "broken" if is_last else self.rng.random() > 0.06
            yield key, is_good, is_last

    def tellings_of(self, version, fate):
        if self.rng.random() < 0.08:
            self.counts["lost"] += 1
            return
        if fate == "good" and self.rng.random() < 0.1:
            version.sequencer = None
        for _ in range(1 + (self.rng.random() < 0.3) + (self.rng.random() < 0.15)):
            self.counts["told"] += 1
            self.late.append((self.rng.expovariate(0.3) if self.rng.random() < 0.5 else 0, version))

    def events_of_now(self, is_end=False):
        """Those whose time has come, in groups."""
        ripe = [v for at, v in self.late if at <= 0 or is_end]
        self.late = [(at - 1, v) for at, v in self.late if at > 0 and not is_end]
        self.rng.shuffle(ripe)
        while ripe:
            form = self.rng.choice(FORMS)
            n = self.rng.randint(1, 4) if form in ("s3", "sqs") else 1
            yield form, ripe[:n]
            ripe = ripe[n:]

    def event(self, form, versions):
        raw, messages = self.place.raw, []
        if form == "s3" and len(versions) > 1 and not all(v.is_good for v in versions):
            versions, rest = versions[:1], versions[1:]
            yield from self.event("sqs", rest)
        if form == "s3":
            records = [v.record(raw) for v in versions]
            if self.rng.random() < 0.1:
                records.append(s3_record("transactions/none.csv", raw, name="ObjectRemoved:Delete"))
            messages = [Message({"Records": records}, versions)]
        elif form == "bridge":
            messages = [Message(versions[0].bridge(raw), versions)]
        elif form == "sns":
            messages = [Message(sns(*({"Records": [v.record(raw)]} for v in versions)), versions)]
        else:
            for v in versions:
                event = {"Records": [v.record(raw)]}
                body = self.rng.choice([lambda v=v: v.bridge(raw), lambda e=event: e, lambda e=event: sns_body(e)])()
                messages.append(Message(body, [v]))
            extra = self.rng.random()
            if extra < 0.05:
                messages.append(Message("nonsense", [], may_fail=True))
            elif extra < 0.1:
                messages.append(Message(s3_event("elsewhere/x.csv", bucket=raw), [], may_fail=True))
            elif extra < 0.15:
                messages.append(Message(TEST_EVENT, []))
        yield form, messages

    def make_day(self):
        for key, is_good, is_last in self.puts():
            version = key.put(self.place, next(self.sequencers), is_good, self.rng)
            self.tellings_of(version, key.fate)
            if is_last and key.fate == "deleted":
                self.place.client.delete_object(Bucket=self.place.raw, Key=key.path)
                next(self.sequencers)
                self.counts["deleted"] += 1
            if self.is_versioned and key.fate == "good" and is_last and len(key.versions) > 1 and self.rng.random() < 0.2:
                old = self.rng.choice(key.versions[:-1])
                self.place.client.delete_object(Bucket=self.place.raw, Key=key.path, VersionId=old.version)
                self.counts["purged"] += 1
            self.hand_out(self.events_of_now())
        self.hand_out(self.events_of_now(is_end=True))

    def hand_out(self, groups):
        for form, versions in groups:
            for one in self.event(form, versions):
                while not self.failure:
                    try:
                        self.told.put(one, timeout=1)
                        break
                    except queue.Full:
                        continue

    # ---- who is told ----

    def work(self, number):
        environment = Environment(self, number)
        try:
            while (one := self.told.get()) is not None and not self.failure:
                self.deliver(environment, *one)
            if environment.function and environment.function.process.poll() is None and not self.failure:
                assert environment.function.stop(20)[0] == 0
        except BaseException as e:  # told by run()
            self.failure.append(e)
        finally:
            environment.end()

    def deliver(self, environment, form, messages):
        """Once more what was not answered, or failed: as often as its sender would."""
        for n in itertools.count(1):
            answer = environment.tell(sqs(*(m.body for m in messages)) if form == "sqs" else messages[0].body)
            self.counts["invocations"] += 1
            failed = self.failed(form, messages, answer)
            for m in messages:
                for v in m.versions if m not in failed else ():
                    v.is_done = True
            messages = failed
            must = any(self.is_for_sure(v) for m in messages for v in m.versions)
            if not messages or n >= (TRIES_FOR_SURE if must else TRIES):
                break
        self.counts["given up"] += len(messages)
        assert not must or not messages, "a message is never answered"

    def is_for_sure(self, version):
        return version.is_good and self.keys[self.number_of(version)].fate != "good"

    @staticmethod
    def number_of(version):
        return int(version.key.rpartition("+")[2].removesuffix(".csv"))

    def failed(self, form, messages, answer):
        if answer is None:
            return messages
        if answer.kind == "error":
            why = answer.json["errorType"].removeprefix("Function.")
            self.counts[why] += 1
            assert why in ("Unavailable", "Cancelled") or (form != "sqs" and messages[0].may_fail and why in ("Held", "Data")), answer
            return messages
        if form != "sqs":
            assert all(o["outcome"] in ("processed", "done", "older", "gone", "removed") for o in answer.json["objects"]), answer
            self.counts.update(o["outcome"] for o in answer.json["objects"])
            return []
        failed = [messages[int(f["itemIdentifier"][1:])] for f in answer.json["batchItemFailures"]]
        self.counts["of a batch"] += len(failed) < len(messages) and len(failed) > 0
        return failed

    # ---- the whole ----

    def run(self):
        self.place.told(self.place.customers()).ok()
        threads = [threading.Thread(target=self.work, args=(n,)) for n in range(N_FUNCTIONS)]
        for t in threads:
            t.start()
        try:
            self.make_day()
        except BaseException as e:
            self.failure.append(e)
        finally:
            for _ in threads:
                while any(t.is_alive() for t in threads):
                    try:
                        self.told.put(None, timeout=1)
                        break
                    except queue.Full:
                        continue
            for t in threads:
                t.join()
        if self.failure:
            raise self.failure[0]
        self.check()

    def check(self):
        n_broken = sum(key.fate == "broken" for key in self.keys)
        for is_again in (False, True):
            done = self.place.sweep()
            result = done.result
            assert done.code in ((3, 4) if n_broken else (0,)), done
            assert (result["failed"], result["listed"]) == (n_broken, 1 + sum(k.fate != "deleted" for k in self.keys)), done
            self.counts["swept"] += result["processed"]
            assert not is_again or result["processed"] == 0, done
        expected = {key.name: key.expected() for key in self.keys}
        for name, version in expected.items():
            if not version and self.place.mode != "database":
                assert f"processed/{name}.csv" not in self.place.objects(), name
        check_state(self.place, {n: v.rows for n, v in expected.items() if v}, {n: v.etag for n, v in expected.items() if v})
