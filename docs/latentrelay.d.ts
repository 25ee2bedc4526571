// Generated from docs/openapi.json by `make pages`: the types of Latent Relay's HTTP API. Change nothing here.

/** A stored object. `key` is derived, never random; the object is written once, never over. */
export interface Artifact {
  kind: ArtifactKind;
  key: string;
  sha256: string;
  bytes: number;
  media_type: string;
  /** The stage that made it; absent for inputs. */
  stage?: StageName | null;
  /** The attempt that made it; 0 for inputs. */
  attempt?: number;
  /** Which image of the job. */
  index?: number;
  /** Of images: final, or the base's own. */
  role?: Role | null;
  width?: number | null;
  height?: number | null;
  seed?: number | null;
}

/** The retention class of a stored object; its key begins with it. */
export type ArtifactKind = "latents" | "images" | "inputs";

/** How an attempt of a stage ended. */
export type AttemptOutcome = "running" | "done" | "failed" | "retried" | "lost" | "handed_back" | "rewound" | "canceled";

/** What the caller may do. */
export interface CallerCapability {
  tenant: string;
  scopes: Array<Scope>;
  /** Absent where no key is needed. */
  quotas: Quotas | null;
}

/** What may be asked; the ranges of all fields are in the document, /openapi.json. */
export interface Capabilities {
  kinds?: Array<Kind>;
  schedulers?: Array<Scheduler>;
  refine_modes?: Array<RefineMode>;
  formats?: Array<ImageFormat>;
  limits: RequestLimits;
  stages: Array<StageCapability>;
  caller: CallerCapability;
}

/** Whether an endpoint that failed again and again is spared for now. */
export type Circuit = "closed" | "open" | "half_open";

/** How a Refinement continues; absent values are those of the latents it continues. */
export interface Continue {
  /** Absent: ensemble for latents that stop at a switch point, img2img for finished ones and for images. */
  mode?: "ensemble" | "img2img" | null;
  /** Ensemble only; must be where the latents stop. */
  switch_at?: number | null;
  /** Img2img only: how much of the schedule is re-noised and drawn again. */
  strength?: number;
  /** Img2img only: steps of the full schedule, of which `strength` runs. */
  num_inference_steps?: number;
  /** The refiner's own guidance; absent: the base's. */
  guidance_scale?: number | null;
  /** The refiner's own negative prompt; absent: the base's. */
  negative_prompt?: string | null;
  /** What the refiner aims for. */
  aesthetic_score?: number;
  /** What the refiner turns away from. */
  negative_aesthetic_score?: number;
}

/** A job that used up its attempts, or a message that nobody can read. */
export type DeadKind = "job" | "message";

/** A job that used up its attempts, or a message that nobody can read, with the reason. */
export interface DeadLetter {
  id: string;
  at: string;
  what: DeadKind;
  job_id?: string | null;
  /** In which the job used up its attempts. */
  stage?: StageName | null;
  attempt?: number | null;
  /** Why the last attempt failed. */
  problem?: Problem | null;
  /** From which the message came. */
  queue?: string | null;
  /** Why nobody can read the message. */
  reason?: string | null;
  /** How the message begins. */
  excerpt?: string | null;
}

/** Dead letters, newest first. */
export interface DeadLetterList {
  data: Array<DeadLetter>;
}

/** Why an endpoint is sent nothing. */
export type DisabledReason = "by_hand" | "gone" | "failing";

/** How many jobs ended in the last quarter of an hour, and how. */
export interface EndedJobs {
  /** From 840 to 900, as of stages. */
  window_seconds: number;
  succeeded?: number;
  failed?: number;
  canceled?: number;
  expired?: number;
}

/** Whether an endpoint is sent anything. Messages of a disabled one wait until it is enabled, or too old. */
export type EndpointStatus = "enabled" | "disabled";

/** The closed set of codes outsiders may branch on. */
export type ErrorCode = "invalid_request" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "idempotency_mismatch" | "input_too_large" | "input_undecodable" | "unsafe_url" | "queue_full" | "rate_limited" | "deadline_exceeded" | "canceled" | "out_of_memory" | "model_unavailable" | "storage_unavailable" | "internal";

/** What a job would cost. */
export interface Estimate {
  accepted: boolean;
  /** Why it would be refused now. */
  refusal?: Problem | null;
  /** Of all final images, as quotas count them. */
  pixels: number;
  stages: Array<StageEstimate>;
  /** From the submission to the end. */
  seconds?: number | null;
}

/** Exactly one of the last four ends a job's stream. */
export type EventType = "job.queued" | "job.started" | "job.stage_started" | "job.stage_finished" | "job.progress" | "job.image_ready" | "job.retried" | "job.cancel_requested" | "job.succeeded" | "job.failed" | "job.canceled" | "job.expired";

/** How many jobs ended with one code in the same window. */
export interface FailureCount {
  code: ErrorCode;
  count: number;
}

/** Why a request was refused (RFC 9457). */
export interface HttpProblem {
  code: ErrorCode;
  detail: string;
  retryable?: boolean;
  errors?: Array<Pointer>;
  type: "about:blank";
  /** The phrase of the status. */
  title: string;
  status: number;
}

/** The encodings of an image that a job may ask for. */
export type ImageFormat = "png" | "jpeg" | "webp";

/** Exactly one place to take an image from. */
export interface ImageSource {
  /** From an upload. */
  upload_id?: string | null;
  /** Fetched at submission through the egress guard; https only. */
  url?: string | null;
  /** The final image of an earlier job. */
  job?: JobImage | null;
  /** `data:image/png;base64,...`, at most 10 MB; moved to the store at submission. */
  data_uri?: string | null;
}

/** One image, and where it is. */
export interface ImageView {
  index: number;
  role: Role;
  ready: boolean;
  width?: number | null;
  height?: number | null;
  media_type: string;
  bytes?: number | null;
  sha256?: string | null;
  seed?: number | null;
  /** Answers with a redirect to a link that holds for 5 minutes, or the file; `?download=inline`: with the file. */
  href: string;
}

/** Something that happened to a job, as its stream of events tells it. */
export interface JobEventView {
  id: string;
  type: EventType;
  job_id: string;
  timestamp: string;
  sequence: number;
  status: JobStatus;
  attempt: number;
  stage?: StageName | null;
  progress?: ProgressView | null;
  /** Why the job ended badly, or why an attempt is made again. */
  error?: Problem | null;
  /** Who begins an attempt. */
  worker?: string | null;
  /** How an attempt ended that is made again, or that was the last. */
  outcome?: AttemptOutcome | null;
}

/** An image of an earlier job. */
export interface JobImage {
  job_id: string;
  index?: number;
}

/** Where the time of a job went, stage by stage. */
export interface JobMetrics {
  stages?: Array<StageTiming>;
}

/** Something that happened to one of all jobs, as their stream of events tells it. */
export interface JobNewsView {
  id: string;
  type: EventType;
  job_id: string;
  kind: Kind;
  at: string;
  sequence: number;
  status: JobStatus;
  stage?: StageName | null;
  attempt: number;
  progress?: ProgressView | null;
}

/** Some jobs, newest first. */
export interface JobPageView {
  data: Array<JobView>;
  /** Brings the next page; null on the last. */
  next_cursor: string | null;
}

export type JobRequest = TextToImageRequest | VariationRequest | RefinementRequest;

/** `queued -> running -> succeeded | failed | canceled | expired`. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "canceled" | "expired";

/** A job as `GET /v1/jobs/{id}` tells it. */
export interface JobView {
  id: string;
  kind: Kind;
  status: JobStatus;
  /** The stage it waits for, is in, or ended in. */
  stage: StageName;
  /** Grows with every move; an event of a lower sequence is older. */
  sequence: number;
  /** Of the current stage. */
  attempt: number;
  created_at: string;
  started_at?: string | null;
  completed_at?: string | null;
  /** Somebody canceled it; the worker that has it will stop within a step. */
  cancel_requested?: boolean;
  progress?: ProgressView | null;
  queue?: QueuePlace | null;
  /** Until it ends, by the rates measured lately; absent where nobody can tell. */
  eta_seconds?: number | null;
  error?: Problem | null;
  /** What was asked, the seed filled in, a data URI replaced by its upload. */
  request: TextToImage | Variation | Refinement;
  inputs?: Array<Artifact>;
  artifacts?: Array<Artifact>;
  metrics?: JobMetrics;
  href: string;
  /** Every image this job is to make, and whether it is ready. */
  images: Array<ImageView>;
}

/** What a job asks for. */
export type Kind = "text_to_image" | "variation" | "refinement";

/** How many jobs have not ended. */
export interface LiveJobs {
  queued: number;
  running: number;
}

/** This process answers. */
export interface Liveness {
  status: "ok";
}

/** `pending -> delivered | failed | dropped`; resent, it is pending again. */
export type MessageStatus = "pending" | "delivered" | "failed" | "dropped";

/** What a receiver is registered with. */
export interface NewWebhookEndpoint {
  /** Where its webhooks are sent: https, on the public internet, unless the operator allows more. */
  url: string;
  /** What is told of jobs that name no webhook of their own. */
  events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  /** What it is for. */
  description?: string | null;
  /** It is sent no more than so many a second; absent: as many as it takes, four at a time. */
  max_per_second?: number | null;
  /** Sign with an Ed25519 key, too (`v1a`): who verifies by its public half can forge nothing. */
  asymmetric?: boolean;
}

/** What went wrong. */
export interface OpenAIError {
  message: string;
  type: string;
  /** The parameter that is wrong, where one is. */
  param: string | null;
  /** Ours, as in every problem document; or `model_not_found`, or `not_ended`. */
  code: string;
}

/** Why a call failed. */
export interface OpenAIErrorAnswer {
  error: OpenAIError;
}

/** One image: a link to it, or the file itself. */
export interface OpenAIImage {
  url?: string | null;
  b64_json?: string | null;
  /** Alone with this seed, it would be drawn again. */
  seed?: number | null;
}

/** The images of a call. */
export interface OpenAIImages {
  /** Unix seconds. */
  created: number;
  data: Array<OpenAIImage>;
  output_format: ImageFormat;
  quality: "low" | "medium" | "high";
  background: "opaque";
  /** WIDTHxHEIGHT in pixels. */
  size?: string | null;
}

/** A model that may be named. */
export interface OpenAIModel {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
}

/** All models that may be named. */
export interface OpenAIModels {
  object: "list";
  data: Array<OpenAIModel>;
}

/** What came of an attempt. */
export type Outcome = "delivered" | "status" | "redirect" | "gone" | "timeout" | "unreachable" | "tls" | "unsafe_url" | "unsignable" | "fault" | "lost";

/** How the images are encoded. */
export interface Output {
  /** The encoding of the image files. */
  format?: ImageFormat;
  /** Of jpeg and webp; png is lossless. */
  quality?: number;
  /** Write the parameters of the job into the file. */
  embed_parameters?: boolean;
}

/** The whole stack at one moment, of all tenants. */
export interface Overview {
  at: string;
  stages: Array<StageInfo>;
  jobs: LiveJobs;
  finished: EndedJobs;
  /** Of jobs that failed or expired, the most frequent first. */
  failures: Array<FailureCount>;
  webhooks: WebhookBacklog;
  dead_letters: number;
}

/** What a stage spends its time on. */
export type Phase = "load" | "fetch" | "encode_prompt" | "denoise" | "decode" | "encode_image" | "upload";

/** How long an attempt spent on one thing. */
export interface PhaseSeconds {
  phase: Phase;
  seconds: number;
}

/** One field of the request that is wrong (RFC 6901 pointer). */
export interface Pointer {
  pointer: string;
  detail: string;
}

/** Who goes first in a queue. */
export type Priority = "interactive" | "standard" | "batch";

/** Why a job ended badly: the same object in a job, an HTTP problem and a webhook. */
export interface Problem {
  code: ErrorCode;
  detail: string;
  retryable?: boolean;
  errors?: Array<Pointer>;
}

/** How far the stage at work has come; `steps` counts every image of the job. */
export interface Progress {
  stage: StageName;
  step: number;
  steps: number;
  /** The step of which a small picture is kept for a while; absent: none is. */
  preview?: number | null;
}

/** How far the stage at work has come, and a picture of it. */
export interface ProgressView {
  stage: StageName;
  step: number;
  steps: number;
  /** The step of which a small picture is kept for a while; absent: none is. */
  preview?: number | null;
  /** A small JPEG of what is being drawn; its place stays, its picture changes. */
  preview_href?: string | null;
}

/** The queue of one stage: jobs that wait and jobs that are worked on. */
export interface QueueInfo {
  stage: StageName;
  /** Jobs that wait for it, with those that are to be tried again in a moment. */
  depth: number;
  /** Jobs that its workers hold. */
  in_flight: number;
  /** Since when the job that has waited longest waits. */
  oldest_at?: string | null;
  /** Until a job that comes now would begin, by the rates measured lately; absent where nobody can tell. */
  eta_seconds?: number | null;
  /**
   * What one worker would take for all that could be claimed now and what is left of what is in flight; absent as
   * above.
   */
  work_seconds?: number | null;
}

/** The queue of every stage. */
export interface QueueList {
  data: Array<QueueInfo>;
}

/** How many jobs of this stage go first. */
export interface QueuePlace {
  position: number;
  /** Until this stage begins, by the rates measured lately; absent where nobody can tell. */
  eta_seconds?: number | null;
}

/** How much the tenant of a key may ask for; keys of one tenant share what is counted. */
export interface Quotas {
  /** Jobs that have not ended. */
  in_flight?: number;
  /** Requests in one minute. */
  per_minute?: number;
  /** Of all final images of a day, by UTC; absent: as many as it likes. */
  pixels_per_day?: number | null;
}

/** Ready where nothing lacks. */
export interface Readiness {
  ready: boolean;
  /** A sentence for each thing that does not answer or is not there. */
  lacks: Array<string>;
  /** A sentence for each stage that somebody has paused or is draining: this gateway serves all the same. */
  notes?: Array<string>;
}

/** What a stage did in the last quarter of an hour: of up to a hundred jobs a minute how long they took. */
export interface RecentWork {
  /** From 840 to 900: the fourteen minutes before this one, and what has passed of it. */
  window_seconds: number;
  jobs: number;
  jobs_per_minute: number;
  /** From queued for the stage to claimed. */
  wait_seconds: Spread;
  /** From claimed to committed. */
  compute_seconds: Spread;
  /** From the commit of the stage before to the first claim of this one. */
  handoff_seconds: Spread;
  /** The oldest first; the last is the one that goes on. */
  per_minute: Array<StageMinute>;
}

/** How the refiner takes over, and its own values where they differ from the base's. */
export interface Refine {
  /** Whether and how the refiner takes over from the base. */
  mode?: RefineMode;
  /** Ensemble only: denoising_end of the base and denoising_start of the refiner. */
  switch_at?: number;
  /** Img2img only: how much of the schedule is re-noised and drawn again. */
  strength?: number;
  /** Img2img only: steps of the full schedule, of which `strength` runs. */
  num_inference_steps?: number;
  /** The refiner's own guidance; absent: the base's. */
  guidance_scale?: number | null;
  /** The refiner's own negative prompt; absent: the base's. */
  negative_prompt?: string | null;
  /** What the refiner aims for. */
  aesthetic_score?: number;
  /** What the refiner turns away from. */
  negative_aesthetic_score?: number;
}

/** How the refiner takes over from the base. */
export type RefineMode = "none" | "ensemble" | "img2img";

/** The refiner alone, on an image or on the kept latents of an earlier job. */
export interface Refinement {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: Priority;
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: WebhookTarget | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  kind?: "refinement";
  /** What to refine: an image. */
  image?: ImageSource | null;
  /** What to refine: the kept latents of an earlier job, without paying for the base again. */
  latents?: JobImage | null;
  /** What the picture shows. */
  prompt: string;
  /** As diffusers' argument of that name. */
  prompt_2?: string | null;
  /** Against over-exposure, as in diffusers. */
  guidance_rescale?: number;
  /** The noise scheduler; absent: that of the latents, or euler for an image. */
  scheduler?: Scheduler | null;
  /** Micro-conditioning: (height, width). */
  original_size?: [number, number] | null;
  /** Micro-conditioning: (top, left). */
  crops_coords_top_left?: [number, number];
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_original_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (top, left). */
  negative_crops_coords_top_left?: [number, number];
  /** How the refiner continues. */
  refine?: Continue;
  /** How the image is encoded. */
  output?: Output;
}

/** The refiner alone, on an image or on the kept latents of an earlier job. */
export interface RefinementRequest {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: "interactive" | "standard" | "batch";
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: {
    /** A registered endpoint. */
    endpoint_id?: string | null;
    /** A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret. */
    url?: string | null;
    /** Which events are told. */
    events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  } | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  /** What is asked for. */
  kind: "refinement";
  /** What to refine: an image. */
  image?: {
    /** From an upload. */
    upload_id?: string | null;
    /** Fetched at submission through the egress guard; https only. */
    url?: string | null;
    /** The final image of an earlier job. */
    job?: {
      job_id: string;
      index?: number;
    } | null;
    /** `data:image/png;base64,...`, at most 10 MB; moved to the store at submission. */
    data_uri?: string | null;
  } | null;
  /** What to refine: the kept latents of an earlier job, without paying for the base again. */
  latents?: {
    job_id: string;
    index?: number;
  } | null;
  /** What the picture shows. */
  prompt: string;
  /** As diffusers' argument of that name. */
  prompt_2?: string | null;
  /** Against over-exposure, as in diffusers. */
  guidance_rescale?: number;
  /** The noise scheduler; absent: that of the latents, or euler for an image. */
  scheduler?: "euler" | "euler_ancestral" | "ddim" | "dpmpp_2m" | "dpmpp_2m_karras" | "heun" | "unipc" | "pndm" | null;
  /** Micro-conditioning: (height, width). */
  original_size?: [number, number] | null;
  /** Micro-conditioning: (top, left). */
  crops_coords_top_left?: [number, number];
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_original_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (top, left). */
  negative_crops_coords_top_left?: [number, number];
  /** How the refiner continues. */
  refine?: {
    /** Absent: ensemble for latents that stop at a switch point, img2img for finished ones and for images. */
    mode?: "ensemble" | "img2img" | null;
    /** Ensemble only; must be where the latents stop. */
    switch_at?: number | null;
    /** Img2img only: how much of the schedule is re-noised and drawn again. */
    strength?: number;
    /** Img2img only: steps of the full schedule, of which `strength` runs. */
    num_inference_steps?: number;
    /** The refiner's own guidance; absent: the base's. */
    guidance_scale?: number | null;
    /** The refiner's own negative prompt; absent: the base's. */
    negative_prompt?: string | null;
    /** What the refiner aims for. */
    aesthetic_score?: number;
    /** What the refiner turns away from. */
    negative_aesthetic_score?: number;
  };
  /** How the image is encoded. */
  output?: {
    /** The encoding of the image files. */
    format?: "png" | "jpeg" | "webp";
    /** Of jpeg and webp; png is lossless. */
    quality?: number;
    /** Write the parameters of the job into the file. */
    embed_parameters?: boolean;
  };
}

/** How the images of a relay are encoded, and which are kept. */
export interface RelayOutput {
  /** The encoding of the image files. */
  format?: ImageFormat;
  /** Of jpeg and webp; png is lossless. */
  quality?: number;
  /** Write the parameters of the job into the file. */
  embed_parameters?: boolean;
  /** Also finish and decode the base's own image, for comparison. */
  keep_base?: boolean;
}

/** What one request may bring and ask for. */
export interface RequestLimits {
  /** Of one image. */
  output_pixels: number;
  /** Of an image file. */
  input_bytes: number;
  input_pixels: number;
  data_uri_bytes: number;
}

/** `final` is the job's result; `base` is the base model's own image, kept for comparison. */
export type Role = "final" | "base";

/** The noise schedulers served; each is a diffusers class and its options. */
export type Scheduler = "euler" | "euler_ancestral" | "ddim" | "dpmpp_2m" | "dpmpp_2m_karras" | "heun" | "unipc" | "pndm";

/** What a key may do. */
export type Scope = "submit" | "read" | "admin";

/** A stretch of a job's time. */
export interface Span {
  name: SpanName;
  /** Absent of webhooks. */
  stage?: StageName | null;
  attempt: number;
  started_at: string;
  /** Absent while it goes on. */
  ended_at?: string | null;
  phases?: Array<PhaseSeconds>;
}

/** What a job did, or waited for. */
export type SpanName = "queued" | "base" | "handoff" | "refiner" | "variation" | "upload" | "webhook";

/** How long something took, over some jobs; absent where there was none. */
export interface Spread {
  p50?: number | null;
  p95?: number | null;
}

/** One attempt of one stage, and how it ended. */
export interface StageAttempt {
  stage: StageName;
  attempt: number;
  /** Absent where it was made by an earlier release. */
  worker?: string | null;
  started_at: string;
  ended_at?: string | null;
  outcome: AttemptOutcome;
  error?: Problem | null;
}

/** What a stage can do now. */
export interface StageCapability {
  stage: StageName;
  /** With their model loaded. */
  workers: number;
  /** Those that they serve: name, revision, dtype, device. */
  models: Array<Record<string, string>>;
}

/** One stage of a job that was not submitted; seconds by the rates measured lately, absent where nobody can tell. */
export interface StageEstimate {
  stage: StageName;
  /** Alive, with their model loaded. */
  workers: number;
  /** From now until this stage could begin, if the job were there already and went last. */
  waits_seconds?: number | null;
  /** Its own work. */
  seconds?: number | null;
  /** The most that a worker of this stage has needed so far. */
  memory_bytes?: number | null;
}

/** One stage: its state, its queue, its workers, and what it did lately. */
export interface StageInfo {
  stage: StageName;
  state: StageState;
  /** Absent where it was never paused or drained. */
  state_since?: string | null;
  /** Jobs that wait for it, with those that are to be tried again in a moment. */
  depth: number;
  /** Jobs that its workers hold. */
  in_flight: number;
  /** Since when the job that has waited longest waits. */
  oldest_at?: string | null;
  /** Until a job that comes now would begin; absent where nobody can tell, and while it is paused. */
  eta_seconds?: number | null;
  /** With their model loaded. */
  workers: number;
  /**
   * What one worker would take for all that could be claimed now and what is left of what is in flight; absent where
   * nobody can tell.
   */
  work_seconds?: number | null;
  recent: RecentWork;
}

/** Every stage. */
export interface StageList {
  data: Array<StageInfo>;
}

/** What a stage did in one minute, by the clock of Redis. */
export interface StageMinute {
  /** Its beginning. */
  at: string;
  jobs: number;
  compute_p50_seconds?: number | null;
  wait_p50_seconds?: number | null;
}

/** One step by one model; its queue bears the same name. */
export type StageName = "sdxl_base" | "sdxl_refiner" | "unclip_variation";

/** Whether a stage takes jobs, and whether its workers are given any. */
export type StageState = "open" | "paused" | "draining";

/** One finished attempt of one stage; `phases` in seconds. */
export interface StageTiming {
  stage: StageName;
  attempt: number;
  queued_at: string;
  started_at: string;
  finished_at: string;
  phases?: Record<string, number>;
}

/** A target with its labels; those of `__meta_` are gone after relabeling. */
export interface Target {
  targets: Array<string>;
  labels: Record<string, string>;
}

/** Text to image by SDXL: base, then refiner unless `refine.mode` is `none`. */
export interface TextToImage {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: Priority;
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: WebhookTarget | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  kind?: "text_to_image";
  /** What to draw. */
  prompt: string;
  /** For the second text encoder; absent: prompt. */
  prompt_2?: string | null;
  /** What to avoid; absent is not "": absent lets the base use zeros, as diffusers does. */
  negative_prompt?: string | null;
  /** For the second text encoder; absent: negative_prompt. */
  negative_prompt_2?: string | null;
  /** Pixels; absent: 1024, or the model's own size where it is smaller. */
  width?: number | null;
  /** Pixels; absent: 1024, or the model's own size where it is smaller. */
  height?: number | null;
  /** Images a job. */
  num_images_per_prompt?: number;
  /** Steps of the whole schedule, base and refiner together in ensemble mode. */
  num_inference_steps?: number;
  /** How closely the prompt is followed. */
  guidance_scale?: number;
  /** Against over-exposure, as in diffusers. */
  guidance_rescale?: number;
  /** The noise scheduler, of base and refiner alike. */
  scheduler?: Scheduler;
  /** Micro-conditioning: (height, width). */
  original_size?: [number, number] | null;
  /** Micro-conditioning: (top, left). */
  crops_coords_top_left?: [number, number];
  /** Micro-conditioning: (height, width). */
  target_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_original_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (top, left). */
  negative_crops_coords_top_left?: [number, number];
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_target_size?: [number, number] | null;
  /** How the refiner takes over. */
  refine?: Refine;
  /** How the images are encoded, and which are kept. */
  output?: RelayOutput;
}

/** Text to image by SDXL: base, then refiner unless `refine.mode` is `none`. */
export interface TextToImageRequest {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: "interactive" | "standard" | "batch";
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: {
    /** A registered endpoint. */
    endpoint_id?: string | null;
    /** A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret. */
    url?: string | null;
    /** Which events are told. */
    events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  } | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  /** What is asked for. */
  kind: "text_to_image";
  /** What to draw. */
  prompt: string;
  /** For the second text encoder; absent: prompt. */
  prompt_2?: string | null;
  /** What to avoid; absent is not "": absent lets the base use zeros, as diffusers does. */
  negative_prompt?: string | null;
  /** For the second text encoder; absent: negative_prompt. */
  negative_prompt_2?: string | null;
  /** Pixels; absent: 1024, or the model's own size where it is smaller. */
  width?: number | null;
  /** Pixels; absent: 1024, or the model's own size where it is smaller. */
  height?: number | null;
  /** Images a job. */
  num_images_per_prompt?: number;
  /** Steps of the whole schedule, base and refiner together in ensemble mode. */
  num_inference_steps?: number;
  /** How closely the prompt is followed. */
  guidance_scale?: number;
  /** Against over-exposure, as in diffusers. */
  guidance_rescale?: number;
  /** The noise scheduler, of base and refiner alike. */
  scheduler?: "euler" | "euler_ancestral" | "ddim" | "dpmpp_2m" | "dpmpp_2m_karras" | "heun" | "unipc" | "pndm";
  /** Micro-conditioning: (height, width). */
  original_size?: [number, number] | null;
  /** Micro-conditioning: (top, left). */
  crops_coords_top_left?: [number, number];
  /** Micro-conditioning: (height, width). */
  target_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_original_size?: [number, number] | null;
  /** Micro-conditioning of the negative prompt: (top, left). */
  negative_crops_coords_top_left?: [number, number];
  /** Micro-conditioning of the negative prompt: (height, width). */
  negative_target_size?: [number, number] | null;
  /** How the refiner takes over. */
  refine?: {
    /** Whether and how the refiner takes over from the base. */
    mode?: "none" | "ensemble" | "img2img";
    /** Ensemble only: denoising_end of the base and denoising_start of the refiner. */
    switch_at?: number;
    /** Img2img only: how much of the schedule is re-noised and drawn again. */
    strength?: number;
    /** Img2img only: steps of the full schedule, of which `strength` runs. */
    num_inference_steps?: number;
    /** The refiner's own guidance; absent: the base's. */
    guidance_scale?: number | null;
    /** The refiner's own negative prompt; absent: the base's. */
    negative_prompt?: string | null;
    /** What the refiner aims for. */
    aesthetic_score?: number;
    /** What the refiner turns away from. */
    negative_aesthetic_score?: number;
  };
  /** How the images are encoded, and which are kept. */
  output?: {
    /** The encoding of the image files. */
    format?: "png" | "jpeg" | "webp";
    /** Of jpeg and webp; png is lossless. */
    quality?: number;
    /** Write the parameters of the job into the file. */
    embed_parameters?: boolean;
    /** Also finish and decode the base's own image, for comparison. */
    keep_base?: boolean;
  };
}

/** Where the time of one job went, attempt by attempt. */
export interface Timeline {
  job_id: string;
  /** In the order in which they began. */
  spans: Array<Span>;
  /** In the order in which they began; of jobs of very many steps, the first ones may be forgotten. */
  attempts: Array<StageAttempt>;
}

/** An image file that was stored. */
export interface UploadView {
  /** Names it in a request: `{"image": {"upload_id": ...}}`. */
  upload_id: string;
  bytes: number;
  sha256: string;
}

/** Image to variations by Stable unCLIP 2.1. */
export interface Variation {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: Priority;
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: WebhookTarget | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  kind?: "variation";
  /** What to vary. */
  image: ImageSource;
  /** Steers the variation; a variation needs no words. */
  prompt?: string;
  /** What to avoid. */
  negative_prompt?: string | null;
  /** Noise added to the image's embedding: more is freer. */
  noise_level?: number;
  /** Denoising steps. */
  num_inference_steps?: number;
  /** How closely prompt and image are followed. */
  guidance_scale?: number;
  /** Variations a job. */
  num_images_per_prompt?: number;
  /** Pixels; absent: the model's own size. */
  width?: number | null;
  /** Pixels; absent: the model's own size. */
  height?: number | null;
  /** The noise scheduler; absent: the model's own. */
  scheduler?: Scheduler | null;
  output?: Output;
}

/** Image to variations by Stable unCLIP 2.1. */
export interface VariationRequest {
  /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
  seed?: number | null;
  /** Your own name for the job. */
  client_reference?: string | null;
  /** At most 16 entries of your own. */
  metadata?: Record<string, string>;
  /** Interactive goes before standard, standard before batch. */
  priority?: "interactive" | "standard" | "batch";
  /** Not started by then: expired. Still running then: stopped. */
  deadline?: string | null;
  /** Where the events of this job are told. */
  webhook?: {
    /** A registered endpoint. */
    endpoint_id?: string | null;
    /** A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret. */
    url?: string | null;
    /** Which events are told. */
    events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  } | null;
  /** The same key and request again answer with the same job. */
  idempotency_key?: string | null;
  /** What is asked for. */
  kind: "variation";
  /** What to vary. */
  image: {
    /** From an upload. */
    upload_id?: string | null;
    /** Fetched at submission through the egress guard; https only. */
    url?: string | null;
    /** The final image of an earlier job. */
    job?: {
      job_id: string;
      index?: number;
    } | null;
    /** `data:image/png;base64,...`, at most 10 MB; moved to the store at submission. */
    data_uri?: string | null;
  };
  /** Steers the variation; a variation needs no words. */
  prompt?: string;
  /** What to avoid. */
  negative_prompt?: string | null;
  /** Noise added to the image's embedding: more is freer. */
  noise_level?: number;
  /** Denoising steps. */
  num_inference_steps?: number;
  /** How closely prompt and image are followed. */
  guidance_scale?: number;
  /** Variations a job. */
  num_images_per_prompt?: number;
  /** Pixels; absent: the model's own size. */
  width?: number | null;
  /** Pixels; absent: the model's own size. */
  height?: number | null;
  /** The noise scheduler; absent: the model's own. */
  scheduler?: "euler" | "euler_ancestral" | "ddim" | "dpmpp_2m" | "dpmpp_2m_karras" | "heun" | "unipc" | "pndm" | null;
  /** How the images are encoded. */
  output?: {
    /** The encoding of the image files. */
    format?: "png" | "jpeg" | "webp";
    /** Of jpeg and webp; png is lossless. */
    quality?: number;
    /** Write the parameters of the job into the file. */
    embed_parameters?: boolean;
  };
}

/** One attempt to deliver a message. */
export interface WebhookAttempt {
  number: number;
  started_at: string;
  seconds?: number | null;
  outcome: Outcome;
  /** The HTTP status that it answered with. */
  status?: number | null;
  /** What went wrong. */
  detail?: string | null;
  /** The first KiB of what it answered. */
  answer?: string | null;
}

/** The last attempts to deliver a message, in their order. */
export interface WebhookAttemptList {
  data: Array<WebhookAttempt>;
}

/** What waits to be told, of all endpoints. */
export interface WebhookBacklog {
  /** Events that no message was made of yet. */
  outbox: number;
  /** Messages that wait for an attempt. */
  pending: number;
  in_flight: number;
  /** Since when the message that has been due longest is due, at an endpoint that may be sent to. */
  oldest_due_at?: string | null;
}

/** The job as it stood at the event. */
export interface WebhookData {
  job_id: string;
  kind: Kind;
  status: JobStatus;
  /** Grows with every move; an event of a lower sequence is older, whenever it arrives. */
  sequence: number;
  client_reference?: string | null;
  metadata?: Record<string, string>;
  created_at: string;
  started_at?: string | null;
  completed_at?: string | null;
  /** Of job.progress alone. */
  progress?: Progress | null;
  /** Why it ended badly. */
  error?: Problem | null;
  /** Final images that are ready, by index. */
  outputs?: Array<WebhookOutput>;
  metrics?: JobMetrics;
}

/** A receiver, and how it fares. Its secret is shown once, when it is made or rotated. */
export interface WebhookEndpoint {
  id: string;
  tenant: string;
  url: string;
  events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  description?: string | null;
  max_per_second?: number | null;
  /** What `v1a` is verified by: `whpk_...`; absent: it is not signed so. */
  public_key?: string | null;
  created_at: string;
  status?: EndpointStatus;
  disabled_reason?: DisabledReason | null;
  disabled_at?: string | null;
  circuit?: Circuit;
  /** Until then it is spared: its circuit is open, or it said `Retry-After`. */
  retry_at?: string | null;
  /** Attempts that failed in a row. */
  failures?: number;
  /** The first of them. */
  failing_since?: string | null;
  last_delivered_at?: string | null;
  /** Messages that wait for it, or for another attempt. */
  pending?: number;
}

/** What is to change of an endpoint; what is absent stays as it is. */
export interface WebhookEndpointChange {
  /** Where its webhooks are sent. */
  url?: string | null;
  /** What is told of jobs that name no webhook of their own. */
  events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired"> | null;
  /** What it is for; null: nothing. */
  description?: string | null;
  /** It is sent no more than so many a second; null: as many as it takes. */
  max_per_second?: number | null;
}

/** Webhook endpoints, newest first. */
export interface WebhookEndpointList {
  data: Array<WebhookEndpoint>;
}

/** An endpoint, with the secret that its webhooks are signed with from now on. It is shown this once. */
export interface WebhookEndpointSecret {
  id: string;
  tenant: string;
  url: string;
  events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
  description?: string | null;
  max_per_second?: number | null;
  /** What `v1a` is verified by: `whpk_...`; absent: it is not signed so. */
  public_key?: string | null;
  created_at: string;
  status?: EndpointStatus;
  disabled_reason?: DisabledReason | null;
  disabled_at?: string | null;
  circuit?: Circuit;
  /** Until then it is spared: its circuit is open, or it said `Retry-After`. */
  retry_at?: string | null;
  /** Attempts that failed in a row. */
  failures?: number;
  /** The first of them. */
  failing_since?: string | null;
  last_delivered_at?: string | null;
  /** Messages that wait for it, or for another attempt. */
  pending?: number;
  /** `whsec_` and base64. */
  secret: string;
}

/** The body of a webhook, at most 20 kB. The same bytes are sent at every attempt. */
export interface WebhookEvent {
  type: WebhookEventType;
  /** When it happened. */
  timestamp: string;
  data: WebhookData;
}

/** Exactly one of succeeded, failed, canceled and expired ends what is told of a job. */
export type WebhookEventType = "job.started" | "job.progress" | "job.succeeded" | "job.failed" | "job.canceled" | "job.expired" | "webhook.test";

/** One event on its way to one endpoint. */
export interface WebhookMessage {
  id: string;
  /** The header `webhook-id`: the same at every attempt, and for every endpoint of the event. */
  webhook_id: string;
  endpoint_id: string;
  tenant: string;
  type: WebhookEventType;
  /** Absent: it tests the endpoint. */
  job_id?: string | null;
  status: MessageStatus;
  /** Made so far. */
  attempts: number;
  created_at: string;
  /** Not before then; absent where no attempt is due. */
  next_attempt_at?: string | null;
  delivered_at?: string | null;
  /** When it was delivered, given up or dropped; absent while it is pending, and where an earlier release ended it. */
  ended_at?: string | null;
}

/** Some messages, newest first. */
export interface WebhookMessagePage {
  data: Array<WebhookMessage>;
  /** Brings the next page; null on the last. */
  next_cursor: string | null;
}

/** One image that the job has made. */
export interface WebhookOutput {
  index: number;
  media_type: string;
  width?: number | null;
  height?: number | null;
  bytes: number;
  sha256: string;
  /** Where the gateway has it, as a path; an API key is needed. */
  href: string;
}

/** A period whose messages are sent again where they did not arrive. */
export interface WebhookRecovery {
  /** It begins then. */
  since: string;
  /** It ends then; absent: now. */
  until?: string | null;
}

/** Where a job's events are told. */
export interface WebhookTarget {
  /** A registered endpoint. */
  endpoint_id?: string | null;
  /** A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret. */
  url?: string | null;
  /** Which events are told. */
  events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
}

/** How many messages are sent no more. */
export interface WebhooksDropped {
  dropped: number;
}

/** How many messages are due again. */
export interface WebhooksRecovered {
  recovered: number;
}

/** A worker process of one stage. */
export interface WorkerInfo {
  id: string;
  stage: StageName;
  state: WorkerState;
  host: string;
  pid: number;
  /** The model served: its name, revision, dtype, device, and the size (WIDTHxHEIGHT) that it draws unasked. */
  model?: Record<string, string>;
  /** The most memory that it has needed so far, on its device. */
  peak_bytes?: number | null;
  /** The memory that it holds now, on its device. */
  memory_bytes?: number | null;
  /** Why it failed, or what it waits for. */
  detail?: string | null;
  /** Where it tells its metrics. */
  metrics_url?: string | null;
  started_at?: string | null;
  /** Since when it has the job that it has; absent: it has none. */
  busy_since?: string | null;
  /** For so long it has had jobs since it started. */
  busy_seconds?: number;
  /** Of the job that it has; absent, too, where that is not the caller's to see. */
  job_id?: string | null;
  /** Of that job, over all its images; absent before the first one. */
  step?: number | null;
  steps?: number | null;
  /** What it spends its time on. */
  phase?: Phase | null;
}

/** Every worker that is alive. */
export interface WorkerList {
  data: Array<WorkerInfo>;
}

/** `loading -> ready <-> busy <-> waiting`, then `draining`; `failed` where the model or the device cannot serve. */
export type WorkerState = "loading" | "ready" | "busy" | "waiting" | "draining" | "failed";

/** What each route takes, and what it gives where it does what was asked. */
export interface Routes {
  "POST /v1/jobs": { body: JobRequest; answer: JobView | Estimate };
  "GET /v1/jobs": { body: null; answer: JobPageView };
  "GET /v1/jobs/{job_id}": { body: null; answer: JobView };
  "DELETE /v1/jobs/{job_id}": { body: null; answer: null };
  "GET /v1/jobs/{job_id}/timeline": { body: null; answer: Timeline };
  "POST /v1/jobs/{job_id}/cancel": { body: null; answer: JobView };
  "GET /v1/jobs/{job_id}/events": { body: null; answer: string | null };
  "GET /v1/events": { body: null; answer: string };
  "GET /v1/jobs/{job_id}/images/{index}": { body: null; answer: Blob };
  "GET /v1/jobs/{job_id}/preview": { body: null; answer: Blob | null };
  "GET /v1/files/{token}": { body: null; answer: Blob };
  "POST /v1/uploads": { body: BodyInit; answer: UploadView };
  "GET /v1/webhook-endpoints": { body: null; answer: WebhookEndpointList };
  "POST /v1/webhook-endpoints": { body: NewWebhookEndpoint; answer: WebhookEndpointSecret };
  "GET /v1/webhook-endpoints/{endpoint_id}": { body: null; answer: WebhookEndpoint };
  "PATCH /v1/webhook-endpoints/{endpoint_id}": { body: WebhookEndpointChange; answer: WebhookEndpoint };
  "DELETE /v1/webhook-endpoints/{endpoint_id}": { body: null; answer: null };
  "POST /v1/webhook-endpoints/{endpoint_id}/secret/rotate": { body: null; answer: WebhookEndpointSecret };
  "POST /v1/webhook-endpoints/{endpoint_id}/test": { body: null; answer: WebhookMessage };
  "POST /v1/webhook-endpoints/{endpoint_id}/enable": { body: null; answer: WebhookEndpoint };
  "POST /v1/webhook-endpoints/{endpoint_id}/disable": { body: null; answer: WebhookEndpoint };
  "POST /v1/webhook-endpoints/{endpoint_id}/recover": { body: WebhookRecovery; answer: WebhooksRecovered };
  "POST /v1/webhook-endpoints/{endpoint_id}/drop": { body: null; answer: WebhooksDropped };
  "GET /v1/webhook-messages": { body: null; answer: WebhookMessagePage };
  "GET /v1/webhook-messages/{message_id}": { body: null; answer: WebhookMessage };
  "DELETE /v1/webhook-messages/{message_id}": { body: null; answer: WebhookMessage };
  "GET /v1/webhook-messages/{message_id}/attempts": { body: null; answer: WebhookAttemptList };
  "POST /v1/webhook-messages/{message_id}/resend": { body: null; answer: WebhookMessage };
  "GET /v1/queues": { body: null; answer: QueueList };
  "GET /v1/workers": { body: null; answer: WorkerList };
  "GET /v1/capabilities": { body: null; answer: Capabilities };
  "GET /v1/overview": { body: null; answer: Overview };
  "GET /v1/webhook-backlog": { body: null; answer: WebhookBacklog };
  "GET /v1/stages": { body: null; answer: StageList };
  "GET /v1/stages/{stage}": { body: null; answer: StageInfo };
  "POST /v1/stages/{stage}/pause": { body: null; answer: StageInfo };
  "POST /v1/stages/{stage}/drain": { body: null; answer: StageInfo };
  "POST /v1/stages/{stage}/resume": { body: null; answer: StageInfo };
  "GET /v1/dead-letters": { body: null; answer: DeadLetterList };
  "GET /v1/dead-letters/{letter_id}": { body: null; answer: DeadLetter };
  "DELETE /v1/dead-letters/{letter_id}": { body: null; answer: null };
  "POST /v1/dead-letters/{letter_id}/requeue": { body: null; answer: JobView };
  "POST /v1/images/generations": { body: {
    /** Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count. */
    seed?: number | null;
    /** Your own name for the job. */
    client_reference?: string | null;
    /** At most 16 entries of your own. */
    metadata?: Record<string, string>;
    /** Interactive goes before standard, standard before batch. */
    priority?: "interactive" | "standard" | "batch";
    /** Not started by then: expired. Still running then: stopped. */
    deadline?: string | null;
    /** Where the events of this job are told. */
    webhook?: {
      /** A registered endpoint. */
      endpoint_id?: string | null;
      /** A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret. */
      url?: string | null;
      /** Which events are told. */
      events?: Array<"started" | "progress" | "succeeded" | "failed" | "canceled" | "expired">;
    } | null;
    /** The same key and request again answer with the same job. */
    idempotency_key?: string | null;
    /** What to draw. */
    prompt: string;
    /** For the second text encoder; absent: prompt. */
    prompt_2?: string | null;
    /** What to avoid; absent is not "": absent lets the base use zeros, as diffusers does. */
    negative_prompt?: string | null;
    /** For the second text encoder; absent: negative_prompt. */
    negative_prompt_2?: string | null;
    /** Pixels; absent: 1024, or the model's own size where it is smaller. */
    width?: number | null;
    /** Pixels; absent: 1024, or the model's own size where it is smaller. */
    height?: number | null;
    /** Images a job. */
    num_images_per_prompt?: number;
    /** Steps of the whole schedule, base and refiner together in ensemble mode. */
    num_inference_steps?: number;
    /** How closely the prompt is followed. */
    guidance_scale?: number;
    /** Against over-exposure, as in diffusers. */
    guidance_rescale?: number;
    /** The noise scheduler, of base and refiner alike. */
    scheduler?: "euler" | "euler_ancestral" | "ddim" | "dpmpp_2m" | "dpmpp_2m_karras" | "heun" | "unipc" | "pndm";
    /** Micro-conditioning: (height, width). */
    original_size?: [number, number] | null;
    /** Micro-conditioning: (top, left). */
    crops_coords_top_left?: [number, number];
    /** Micro-conditioning: (height, width). */
    target_size?: [number, number] | null;
    /** Micro-conditioning of the negative prompt: (height, width). */
    negative_original_size?: [number, number] | null;
    /** Micro-conditioning of the negative prompt: (top, left). */
    negative_crops_coords_top_left?: [number, number];
    /** Micro-conditioning of the negative prompt: (height, width). */
    negative_target_size?: [number, number] | null;
    /** How the refiner takes over. */
    refine?: {
      /** Whether and how the refiner takes over from the base. */
      mode?: "none" | "ensemble" | "img2img";
      /** Ensemble only: denoising_end of the base and denoising_start of the refiner. */
      switch_at?: number;
      /** Img2img only: how much of the schedule is re-noised and drawn again. */
      strength?: number;
      /** Img2img only: steps of the full schedule, of which `strength` runs. */
      num_inference_steps?: number;
      /** The refiner's own guidance; absent: the base's. */
      guidance_scale?: number | null;
      /** The refiner's own negative prompt; absent: the base's. */
      negative_prompt?: string | null;
      /** What the refiner aims for. */
      aesthetic_score?: number;
      /** What the refiner turns away from. */
      negative_aesthetic_score?: number;
    };
    /** How the images are encoded, and which are kept. */
    output?: {
      /** The encoding of the image files. */
      format?: "png" | "jpeg" | "webp";
      /** Of jpeg and webp; png is lossless. */
      quality?: number;
      /** Write the parameters of the job into the file. */
      embed_parameters?: boolean;
      /** Also finish and decode the base's own image, for comparison. */
      keep_base?: boolean;
    };
    /** sdxl, sdxl-base, sdxl-refiner or stable-unclip; absent: the one that is made for this. */
    model?: "sdxl" | "sdxl-base" | null;
    /** How many images; absent: 1. */
    n?: number | null;
    /** WIDTHxHEIGHT in pixels, each from 64 to 2048 and a multiple of 8; auto: the model's own. */
    size?: string | null;
    /** Steps: low 15, medium and standard 30, high and hd 50; auto: as many as our own API takes. */
    quality?: "auto" | "low" | "medium" | "standard" | "high" | "hd" | null;
    /** Absent: url, a link that holds for an hour. */
    response_format?: "url" | "b64_json" | null;
    /** The encoding of the image files; absent: png. */
    output_format?: "png" | "jpeg" | "webp" | null;
    /** The quality of jpeg and webp; absent: 95. */
    output_compression?: number | null;
    /** Nothing transparent is drawn here. */
    background?: "auto" | "opaque" | null;
    /** Read, and without effect: nothing is moderated here. */
    moderation?: "auto" | "low" | null;
    /** Becomes the job's `client_reference`. */
    user?: string | null;
    /** As `user`, and before it. */
    safety_identifier?: string | null;
    /** Answer with events, as the images come about. */
    stream?: boolean | null;
    /** At most so many pictures of what is being drawn, in a stream. */
    partial_images?: number | null;
  }; answer: OpenAIImages };
  "POST /v1/images/variations": { body: BodyInit; answer: OpenAIImages };
  "POST /v1/images/edits": { body: BodyInit; answer: OpenAIImages };
  "GET /v1/models": { body: null; answer: OpenAIModels };
  "GET /v1/models/{model}": { body: null; answer: OpenAIModel };
  "GET /livez": { body: null; answer: Liveness };
  "GET /readyz": { body: null; answer: Readiness };
  "GET /metrics": { body: null; answer: string };
  "GET /metrics/targets": { body: null; answer: Array<Target> };
}
