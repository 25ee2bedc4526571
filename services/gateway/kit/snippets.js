// A request as code that runs: curl, Python, and the openai client where OpenAI's API can say it. Pure.
//
// `request` is the body of POST /v1/jobs. Its image is {job: {job_id, index}}, or {file: NAME}: a file that is uploaded
// first. The key is read from LATENTRELAY_API_KEY, never written down.

const CLASSES = { text_to_image: "TextToImage", variation: "Variation", refinement: "Refinement" };
const NESTED = {
  refine: { text_to_image: "Refine", refinement: "Continue" },
  output: { text_to_image: "RelayOutput", refinement: "Output", variation: "Output" },
};
const OPENAI = {
  text_to_image: { call: "generate", own: ["prompt"] },
  variation: { call: "create_variation", own: [] },
  refinement: { call: "edit", own: ["prompt"] },
};
const SENTINEL = "UPLOAD_ID";

/** {curl, python, openai}: code as text; openai is {code, note} or {why} it cannot be said. `url` is the gateway's. */
export function snippets(request, url, hasKey) {
  const said = pruned(request);
  return { curl: curl(said, url, hasKey), python: python(said, url), openai: openai(said, url) };
}

/** `value` without what is null or empty. */
function pruned(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const inner = Object.entries(value).map(([name, part]) => [name, pruned(part)]);
  const isEmpty = (part) => typeof part === "object" && part !== null && !Array.isArray(part) && !Object.keys(part).length;
  return Object.fromEntries(inner.filter(([, part]) => part !== null && part !== undefined && !isEmpty(part)));
}

function curl(request, url, hasKey) {
  const key = hasKey ? ` \\\n  -H "Authorization: Bearer $LATENTRELAY_API_KEY"` : "";
  const { file } = request.image ?? {};
  const { kind, image: _, ...others } = request;
  const asked = file ? { kind, image: { upload_id: SENTINEL }, ...others } : request; // before anybody's words
  const json = shell(JSON.stringify(asked, null, 2));
  const body = file ? json.replace(SENTINEL, `'"$UPLOAD_ID"'`) : json;
  const upload = `UPLOAD_ID=$(curl -sS ${url}/v1/uploads${key} \\
  -H 'Content-Type: application/octet-stream' --data-binary @${shell(file ?? "")} \\
  | sed 's/.*"upload_id":"\\([^"]*\\)".*/\\1/')\n\n`;
  const job = `curl -sS ${url}/v1/jobs${key} \\\n  -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\\n  -d ${body}\n`;
  const then = `# then: curl -sS '${url}/v1/jobs/ID/images/0?download=inline'${hasKey ? " -H ..." : ""} -o picture.${ending(request)}\n`;
  return (file ? upload : "") + job + then;
}

function python(request, url) {
  const { kind, ...fields } = request;
  const used = new Set([CLASSES[kind]]);
  const lines = Object.entries(fields).map(([name, value]) => `        ${name}=${field(kind, name, value, used)},\n`);
  return `from pathlib import Path

from latentrelay import ${[...used].sort().join(", ")}
from latentrelay.http import HttpClient

with HttpClient(${py(url)}) as client:  # a key is read from LATENTRELAY_API_KEY
    request = ${CLASSES[kind]}(
${lines.join("")}    )
    job = client.wait(client.submit(request).id)
    print(job.id, job.status, job.error.detail if job.error else "")
    for image in job.images:
        if image.ready:
            file = Path(f"{job.id}-{image.role}-{image.index}.${ending(request)}")
            file.write_bytes(client.download(job.id, image.index, image.role))
`;
}

/** The value of a field in Python: nested contracts by their names, which are put into `used`. */
function field(kind, name, value, used) {
  if (name === "image") return `${named("ImageSource", used)}(${imageOf(value, used)})`;
  const contract = NESTED[name]?.[kind];
  return contract ? made(contract, value, used) : py(value);
}

function imageOf({ file, job }, used) {
  if (job) return `job=${made("JobImage", job, used)}`;
  return `upload_id=client.upload(Path(${py(file)}).read_bytes())`;
}

function made(contract, fields, used) {
  return `${named(contract, used)}(${Object.entries(fields).map(([name, value]) => `${name}=${py(value)}`).join(", ")})`;
}

function named(contract, used) {
  used.add(contract);
  return contract;
}

function openai(request, url) {
  const why = unsayable(request);
  if (why) return { why };
  const { kind, image, num_images_per_prompt: n, width, height, output = {}, ...others } = request;
  const { call, own } = OPENAI[kind];
  const { keep_base: keepsBase, ...encoded } = output;
  const theirs = { ...only(own, others), n, size: width && height ? `${width}x${height}` : undefined };
  const ours = { ...without(own, others), ...(theirs.size ? {} : { width, height }), output: encoded };
  const named = Object.entries(pruned(theirs)).map(([name, value]) => `    ${name}=${py(value)},\n`);
  const extra = Object.keys(pruned(ours)).length ? `    extra_body=${py(pruned(ours))},\n` : "";
  const file = image ? `    image=Path(${py(image.file)}),\n` : "";
  const note = keepsBase ? "OpenAI's answers have one picture of each: the base's own is not among them." : "";
  return { note, code: openaiCode(url, call, file + named.join("") + extra, ending(request)) };
}

function openaiCode(url, call, parameters, ending) {
  return `import base64
import os
from pathlib import Path

from openai import OpenAI

client = OpenAI(base_url=${py(`${url}/v1`)}, api_key=os.environ.get("LATENTRELAY_API_KEY", "none"))
answer = client.images.${call}(
${parameters}    response_format="b64_json",
)
for index, image in enumerate(answer.data):
    Path(f"picture-{index}.${ending}").write_bytes(base64.b64decode(image.b64_json))
`;
}

/** Why OpenAI's API cannot say `request`; "" where it can. */
function unsayable({ image }) {
  if (!image || image.file) return "";
  return "OpenAI's API takes a picture as a file: it cannot name one that is here already.";
}

function only(names, fields) {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}

function without(names, fields) {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function ending(request) {
  return request.output?.format ?? "png";
}

function shell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function py(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(py).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, part]) => `${py(name)}: ${py(part)}`).join(", ")}}`;
  return JSON.stringify(value);
}
