import "./provide.js";

export * from "./api.js";
