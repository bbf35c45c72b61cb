// Whether a backend can be used here, and if not, why.

export type Availability = { ok: true; adapter: string } | { ok: false; reason: string; software?: boolean };
