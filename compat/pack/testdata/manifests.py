"""Checks the manifests of contrib/cluster, and prints the command of the container in each.

usage: manifests.py kubernetes FILE | batch OPERATION FILE
"""
import json
import sys


def check(value, kind, where):
    """Exits unless value is of the kind that the Kubernetes API has."""
    if kind.startswith("list["):
        for i, v in enumerate(value):
            check(v, kind[5:-1], f"{where}[{i}]")
    elif kind.startswith("dict("):
        for k, v in value.items():
            check(v, kind[5:-1].split(", ")[1], f"{where}.{k}")
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {json_name: name for name, json_name in model.attribute_map.items()}
        for k in value:
            if k not in names:
                sys.exit(f"{where}: {kind} has no {k}")
            check(value[k], model.openapi_types[names[k]], f"{where}.{k}")
        model(**{names[k]: v for k, v in value.items()})  # raises if something is missing
    elif not isinstance(value, {"str": str, "int": int, "bool": bool}.get(kind, object)):
        sys.exit(f"{where}: {value!r} is no {kind}")


# Each module is loaded only where it is needed, because that takes most of the time.
if sys.argv[1] == "kubernetes":
    import yaml
    from kubernetes import client

    job = yaml.safe_load(open(sys.argv[2]))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job"), job
    check(job, "V1Job", "Job")
    assert job["spec"]["completionMode"] == "Indexed"
    print(json.dumps(job["spec"]["template"]["spec"]["containers"][0]["command"]))
else:
    import botocore.session
    import botocore.validate

    service = botocore.session.get_session().get_service_model("batch")
    shape = service.operation_model(sys.argv[2]).input_shape
    job = json.load(open(sys.argv[3]))
    errors = botocore.validate.ParamValidator().validate(job, shape)
    if errors.has_errors():
        sys.exit(errors.generate_report())
    print(json.dumps(job.get("containerProperties", {}).get("command")))
