"""Checks the manifests in contrib, and prints the command of the container in each.

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


# The models of the client, by apiVersion and kind.
KINDS = {
    ("batch/v1", "Job"): "V1Job",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("v1", "Service"): "V1Service",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "V2HorizontalPodAutoscaler",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
    ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy",
    ("networking.k8s.io/v1", "Ingress"): "V1Ingress",
}

# Each module is loaded only where it is needed, because that takes most of the time.
if sys.argv[1] == "kubernetes":
    import yaml
    from kubernetes import client

    found = []
    for d in yaml.safe_load_all(open(sys.argv[2])):
        if d["kind"] == "Deployment":
            # Newer than Debian's module. compat/manifests checks it.
            stop = d["spec"]["template"]["spec"]["containers"][0]["lifecycle"]["preStop"]
            assert stop.pop("sleep")["seconds"] > 0
        check(d, KINDS[d["apiVersion"], d["kind"]], d["kind"])
        found.append(d["kind"])
        if d["kind"] in ("Job", "Deployment"):
            spec = d["spec"]["template"]["spec"]
            assert d["kind"] != "Job" or d["spec"]["completionMode"] == "Indexed"
            command = spec["containers"][0]["command"]
    if "Deployment" in found:
        assert "HorizontalPodAutoscaler" in found, found
        for probe in "readinessProbe", "livenessProbe":
            assert spec["containers"][0][probe]["httpGet"]["path"], probe
    print(json.dumps(command))
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
