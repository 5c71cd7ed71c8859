# SPDX-License-Identifier: Apache-2.0
"""Where keys, region and endpoint come from: each source by a fake of it, before a moto that knows one user only."""

import datetime
import hashlib
import json
import stat
import sys

import pytest

from faultserver import Answer, FaultServer, status
from test_s3 import Place, error, s3servers, servers  # noqa: F401

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture
def place(servers, request, tmp_path):  # noqa: F811
    place = Place(servers("moto"), f"c{abs(hash(request.node.name))}", tmp_path)
    place.put("k", b"content")
    return place


@pytest.fixture(scope="module")
def lent(servers):  # noqa: F811
    """Keys of a role, for an hour, as services of AWS hand them out."""
    server = servers("moto")
    iam = server.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/tester"}, "Action": "sts:AssumeRole"}]})
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=s3servers.POLICY)
    keys = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="lent")["Credentials"]
    keys["Arn"] = arn
    return keys


def bare(place, **more):
    """A probe of that place without keys in its environment."""
    place.probe.env = place.server.env(TMPDIR=str(place.tmp_path), **(NO_KEYS | more))
    return place.probe


def keys_of(lent, token_name="Token", seconds=3600, **more):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return json.dumps({"Code": "Success", "AccessKeyId": lent["AccessKeyId"],
                       "SecretAccessKey": lent["SecretAccessKey"], token_name: lent["SessionToken"],
                       "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "extra": {"nested": [1, "]"]}} | more)


def profile_files(tmp_path, config="", credentials=""):
    (tmp_path / "config").write_text(config)
    (tmp_path / "credentials").write_text(credentials)
    return {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}


def test_no_keys_anywhere_is_denied_and_says_what_to_do(place):
    got = bare(place)("cat", place.url("k"))
    assert got.returncode == 7 and b"AWS_PROFILE" in got.stderr, got


def test_half_of_the_keys_is_told(place):
    got = bare(place, AWS_ACCESS_KEY_ID="x")("cat", place.url("k"))
    assert got.returncode == 2 and b"only one is set" in got.stderr, got


def test_keys_of_a_container_with_a_token_of_a_file(place, lent, tmp_path):
    (tmp_path / "token").write_text("secret-token\n")
    with FaultServer({"/creds": Answer(keys_of(lent))}, host="127.0.0.1") as fake:
        got = bare(place, AWS_CONTAINER_CREDENTIALS_FULL_URI=fake.url("/creds"),
                   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"))("cat", place.url("k"))
        assert got.stdout == b"content", got
        assert [r.header("authorization") for r in fake.requests] == ["secret-token"]


def test_a_container_that_refuses_ends_the_search(place):
    with FaultServer({"/creds": status(403)}, host="127.0.0.1") as fake:
        got = bare(place, AWS_CONTAINER_CREDENTIALS_FULL_URI=fake.url("/creds"))("cat", place.url("k"))
    assert got.returncode == 7 and b"container" in got.stderr, got


@pytest.mark.parametrize("uri", ["http://example.com/creds", "http://127.evil.example/x", "ftp://x/"])
def test_a_container_far_away_is_not_asked_over_http(place, uri):
    got = bare(place, AWS_CONTAINER_CREDENTIALS_FULL_URI=uri)("cat", place.url("k"))
    assert got.returncode == 2, got


def instance(lent, answer=None):
    roles = "/latest/meta-data/iam/security-credentials/"

    def with_token(reply):
        return lambda request: reply if request.header("x-aws-ec2-metadata-token") == "TOKEN" else status(401)

    return FaultServer({"/latest/api/token": lambda request: Answer("TOKEN") if request.method == "PUT" else status(405),
                        roles: with_token(Answer("role name\n")), roles + "role%20name": with_token(answer or Answer(keys_of(lent)))},
                       host="127.0.0.1")


def test_keys_of_an_instance_by_version_2_only(place, lent):
    with instance(lent) as fake:
        got = bare(place, AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=fake.url(""))("cat", place.url("k"))
        assert got.stdout == b"content", got
        assert [r.method for r in fake.requests] == ["PUT", "GET", "GET"]
        assert fake.requests[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"


def test_an_instance_without_version_2_is_none(place):
    with FaultServer({"/latest/api/token": status(404), "/latest/meta-data/*": Answer("role")}, host="127.0.0.1") as fake:
        got = bare(place, AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT=fake.url(""))("cat", place.url("k"))
        assert got.returncode == 7, got
        assert len(fake.requests) == 1


def test_a_disabled_instance_is_not_asked(place, lent):
    with instance(lent) as fake:
        got = bare(place, AWS_EC2_METADATA_DISABLED="TRUE", AWS_EC2_METADATA_SERVICE_ENDPOINT=fake.url(""))("cat", place.url("k"))
        assert got.returncode == 7 and not fake.requests, got


def test_keys_of_a_profile(place, tmp_path):
    files = profile_files(tmp_path, "[profile  dev]\nregion = us-east-1\n# a comment\n",
                          f"[default]\naws_access_key_id=no\naws_secret_access_key=no\n[dev]\naws_access_key_id = {place.server.key}\n"
                          f"aws_secret_access_key={place.server.secret}\n")
    assert bare(place, AWS_PROFILE="dev", **files)("cat", place.url("k")).stdout == b"content"
    assert bare(place, **files)("cat", place.url("k")).returncode == 7
    got = bare(place, AWS_PROFILE="other", **files)("cat", place.url("k"))
    assert got.returncode == 2 and b"'other'" in got.stderr, got


def test_keys_of_a_role_by_those_of_another_profile(place, lent, tmp_path):
    files = profile_files(tmp_path, f"[profile top]\nrole_arn = {lent['Arn']}\nsource_profile = base\nrole_session_name = me\n",
                          f"[base]\naws_access_key_id = {place.server.key}\naws_secret_access_key = {place.server.secret}\n")
    got = bare(place, AWS_PROFILE="top", **files)("cat", place.url("k"))
    assert got.stdout == b"content", got


def test_profiles_that_refer_to_each_other_end(place, tmp_path):
    files = profile_files(tmp_path, "[profile a]\nrole_arn = x\nsource_profile = b\n[profile b]\nrole_arn = y\nsource_profile = a\n")
    got = bare(place, AWS_PROFILE="a", **files)("cat", place.url("k"))
    assert got.returncode == 2 and b"without an end" in got.stderr, got


STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>{AccessKeyId}</AccessKeyId><SecretAccessKey>{SecretAccessKey}</SecretAccessKey><SessionToken>{SessionToken}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def test_keys_by_web_identity(place, lent, tmp_path):
    (tmp_path / "jwt").write_text("header.payload+/=.signature")
    answer = Answer(STS.format(**lent), content_type="text/xml")
    with FaultServer({"/": answer}, host="127.0.0.1") as fake:
        got = bare(place, AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN="arn:aws:iam::1:role/x",
                   AWS_ENDPOINT_URL_STS=fake.url(""))("cat", place.url("k"))
        assert got.stdout == b"content", got
        body = fake.requests[0].body.decode()
        assert "Action=AssumeRoleWithWebIdentity" in body and "WebIdentityToken=header.payload%2B%2F%3D.signature" in body
        assert fake.requests[0].header("authorization") is None


def test_a_role_that_is_refused_says_so(place, tmp_path):
    (tmp_path / "jwt").write_text("x")
    body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    with FaultServer({"/": Answer(body, 403, content_type="text/xml")}, host="127.0.0.1") as fake:
        got = bare(place, AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN="arn:aws:iam::1:role/x",
                   AWS_ENDPOINT_URL_STS=fake.url(""))("cat", place.url("k"))
    assert got.returncode == 7 and b"AccessDenied not you" in got.stderr, got


def test_keys_of_a_process_without_a_shell(place, lent, tmp_path):
    program = tmp_path / "give keys"
    program.write_text(f"#!{sys.executable}\nimport sys, json\nassert sys.argv[1:] == ['a b', '$HOME', ';', 'c\"d']\n"
                       f"print({keys_of(lent, 'SessionToken', Version=1)!r})\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    files = profile_files(tmp_path, f"[default]\ncredential_process = \"{program}\" 'a b' $HOME ; c\\\"d\n")
    assert bare(place, **files)("cat", place.url("k")).stdout == b"content"


@pytest.mark.parametrize("command,code", [("/nonexistent/program", 2), ("/bin/false", 7), ("/bin/echo {}", 3), ("'unended", 2)])
def test_a_process_that_fails_is_told(place, tmp_path, command, code):
    got = bare(place, **profile_files(tmp_path, f"[default]\ncredential_process = {command}\n"))("cat", place.url("k"))
    assert got.returncode == code and b"credential_process" in got.stderr or b"quote" in got.stderr, got


SSO = {"profile": "[profile s]\nsso_session = x y\nsso_account_id = 123456789012\nsso_role_name = r/o\n"
                  "[sso-session x y]\nsso_start_url = https://login.example/start\nsso_region = eu-west-1\n",
       "profile of old": "[profile s]\nsso_start_url = https://login.example/start\nsso_region = eu-west-1\n"
                         "sso_account_id = 123456789012\nsso_role_name = r/o\n"}
TOKEN = "to/ken+of=login"


def logged_in(tmp_path, name, **more):
    """What `aws sso login` leaves, in a home of its own."""
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    left = {"startUrl": "https://login.example/start", "region": "eu-west-1", "accessToken": TOKEN, "expiresAt": end + "Z"} | more
    (cache / f"{hashlib.sha1(name.encode()).hexdigest()}.json").write_text(json.dumps(left))


def sso_answer(lent, seconds=3600):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return json.dumps({"roleCredentials": {"accessKeyId": lent["AccessKeyId"], "secretAccessKey": lent["SecretAccessKey"],
                                           "sessionToken": lent["SessionToken"], "expiration": int(end.timestamp() * 1000)}})


@pytest.mark.parametrize("kind, name, end", [
    ("profile", "x y", {}), ("profile of old", "https://login.example/start", {}),
    ("profile of old", "https://login.example/start", {"expiresAt": "2199-10-26T05:18:42UTC"})])
def test_the_token_of_a_login_by_sso_is_changed_for_keys(place, lent, tmp_path, kind, name, end):
    logged_in(tmp_path, name, **end)
    with FaultServer({"/federation/credentials": Answer(sso_answer(lent))}, host="127.0.0.1") as fake:
        got = bare(place, AWS_PROFILE="s", HOME=str(tmp_path), AWS_ENDPOINT_URL_SSO=fake.url("/"), **profile_files(tmp_path, SSO[kind]))("cat", place.url("k"))
        assert got.stdout == b"content", got
        (request,) = fake.requests
        assert request.query == {"role_name": "r/o", "account_id": "123456789012"} and request.header("x-amz-sso_bearer_token") == TOKEN


@pytest.mark.parametrize("left, answer, said", [
    (None, None, b"nobody is logged in"),
    ({"expiresAt": "2020-01-01T00:00:00Z"}, None, b"the login has ended"),
    ({"expiresAt": "soon"}, None, b"the login has ended"),
    ({"accessToken": None}, None, b"has no token"),
    ({}, Answer('{"message": "Session token not found or invalid"}', status=401), b"no longer taken"),
    ({}, Answer('{"message": "No access"}', status=403), b"does not give the role r/o of the account 123456789012")])
def test_a_login_by_sso_that_is_over_says_how_to_log_in(place, lent, tmp_path, left, answer, said):
    if left is not None:
        logged_in(tmp_path, "x y", **left)
    with FaultServer({"/federation/credentials": answer or Answer(sso_answer(lent))}, host="127.0.0.1") as fake:
        got = bare(place, AWS_PROFILE="s", HOME=str(tmp_path), AWS_ENDPOINT_URL_SSO=fake.url(""), **profile_files(tmp_path, SSO["profile"]))("cat", place.url("k"))
        assert got.returncode == 7 and said in got.stderr and TOKEN.encode() not in got.stderr, got
        assert len(fake.requests) == (answer is not None)
        assert answer and answer.status == 403 or b"aws sso login --profile s" in got.stderr, got


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"roleCredentials": {}}', b'{"roleCredentials": {"accessKeyId": "a"}}'])
def test_an_answer_of_sso_without_keys_is_told_as_one(place, tmp_path, answer):
    logged_in(tmp_path, "x y")
    with FaultServer({"/federation/credentials": Answer(answer)}, host="127.0.0.1") as fake:
        got = bare(place, AWS_PROFILE="s", HOME=str(tmp_path), AWS_ENDPOINT_URL_SSO=fake.url(""), **profile_files(tmp_path, SSO["profile"]))("cat", place.url("k"))
    assert got.returncode == 3 and b"the answer of SSO" in got.stderr, got


def test_a_login_by_sso_without_its_region_is_told(place, tmp_path):
    files = profile_files(tmp_path, "[profile s]\nsso_session = x\nsso_account_id = 1\nsso_role_name = r\n")
    got = bare(place, AWS_PROFILE="s", **files)("cat", place.url("k"))
    assert got.returncode == 2 and b"sso_start_url" in got.stderr, got


def test_f59_keys_that_live_three_seconds_are_asked_for_again(place, lent):
    place.put("l", b"second")
    with FaultServer({"/creds": lambda request: Answer(keys_of(lent, seconds=3))}, host="127.0.0.1") as fake:
        got = bare(place, AWS_CONTAINER_CREDENTIALS_FULL_URI=fake.url("/creds"))("twice", place.url("k"), "3500", place.url("l"))
        assert got.stdout == b"contentsecond", got
        assert len(fake.requests) == 2


def test_f59_keys_that_expire_while_they_are_used_are_asked_for_again(place, lent):
    expired = []

    def fault(request):
        if request.method == "GET" and not expired:
            expired.append(1)
            return error(400, "ExpiredToken")
        return None

    proxy, _ = place.through(fault)
    with proxy, FaultServer({"/creds": lambda request: Answer(keys_of(lent))}, host="127.0.0.1") as fake:
        got = bare(place, AWS_ENDPOINT_URL=proxy.endpoint, AWS_CONTAINER_CREDENTIALS_FULL_URI=fake.url("/creds"))("cat", place.url("k"))
        assert got.stdout == b"content", got


def test_f59_keys_that_have_expired_for_good_are_a_clear_error(place):
    proxy, probe = place.through(lambda request: error(400, "ExpiredToken"))
    with proxy:
        got = probe("list", place.url("*"))
    assert got.returncode == 7 and b"expired" in got.stderr, got


# ---- S4: region, endpoint, and where they are from


def settings(place, tmp_path, config="", **env):
    clean = {name: None for name in ("AWS_REGION", "AWS_ENDPOINT_URL")}
    got = bare(place, **(clean | profile_files(tmp_path, config) | env))("config")
    assert got.returncode == 0, got
    return {name: (text, origin) for name, text, origin in (line.split("|") for line in got.stdout.decode().splitlines())}


CONFIG = """[default]
region = eu-west-1
endpoint_url = http://profile
services = mine
s3 =
  addressing_style = virtual
ca_bundle = /x/ca
max_attempts = 7

[services mine]
s3 =
  endpoint_url = http://services
"""


def test_s4_each_value_is_from_the_first_place_that_has_it(place, tmp_path):
    got = settings(place, tmp_path, CONFIG)
    where = "profile default in the config file"
    assert got["region"] == ("eu-west-1", where) and got["CA file"] == ("/x/ca", where) and got["most attempts"] == ("7", where)
    assert got["endpoint of S3"] == ("http://services", "services of the profile in the config file")
    assert got["endpoint of STS"] == ("http://profile", where)
    assert got["addressing style"] == ("virtual", where)
    got = settings(place, tmp_path, CONFIG, AWS_REGION="a-1", AWS_DEFAULT_REGION="b-1", AWS_ENDPOINT_URL="http://all",
                   AWS_ENDPOINT_URL_S3="http://s3", AWS_S3_ADDRESSING_STYLE="path", AWS_CA_BUNDLE="/y", AWS_MAX_ATTEMPTS="2")
    assert got["region"] == ("a-1", "AWS_REGION") and got["endpoint of S3"] == ("http://s3", "AWS_ENDPOINT_URL_S3")
    assert got["endpoint of STS"] == ("http://all", "AWS_ENDPOINT_URL") and got["CA file"] == ("/y", "AWS_CA_BUNDLE")
    got = settings(place, tmp_path, CONFIG, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true", AWS_DEFAULT_REGION="b-1")
    assert got["endpoint of S3"] == ("", "") and got["region"] == ("b-1", "AWS_DEFAULT_REGION")
    got = settings(place, tmp_path)
    assert got["region"] == ("us-east-1", "preset") and got["addressing style"] == ("auto", "preset")


@pytest.mark.parametrize("text", ["[default\nregion=x\n", "region = x\n", "[default]\nnonsense\n", "[default]\na = 1\n  b = 2\n"])
def test_files_that_are_none_are_told_with_their_line(place, tmp_path, text):
    got = bare(place, **profile_files(tmp_path, text))("config")
    assert got.returncode == 2 and b"config:" in got.stderr, got
