/** All that rooms need to talk to the server. */
export * from "./agents";
export * from "./approvals";
export { address, api, ApiError, type Query } from "./client";
export * from "./documents";
export { keys } from "./keys";
export { live, useConnection, useLiveEvents, useSessionEvents, type LiveState } from "./live";
export * from "./memory";
export * from "./models";
export { createQueryClient } from "./query";
export * from "./sessions";
export { followWorkspace } from "./sync";
export * from "./system";
export * from "./tasks";
export * from "./types";
export { sendFile, uploads, useUploads, type Upload, type UploadOptions, type UploadState } from "./uploads";
