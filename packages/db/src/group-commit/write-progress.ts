import type { Transaction } from '../transaction.js'
import { factsOf, type BuildRef, type FactOf, type Submission } from './facts.js'

type BuildPatch = { id: number; state: string | null; properties: object }

export async function updateBuilds(tx: Transaction, submissions: Submission[]): Promise<void> {
  const patches = new Map<number, { build: BuildRef; patch: BuildPatch }>()
  for (const { build, fact } of factsOf(submissions, 'build-updated')) {
    const known = patches.get(build.id)?.patch ?? { id: build.id, state: null, properties: {} }
    patches.set(build.id, { build, patch: { id: build.id, state: fact.stateString ?? known.state, properties: { ...known.properties, ...fact.properties } } })
  }
  if (patches.size === 0) return
  // The state string of a finished build is its last word.
  const rows = await tx.query<{ id: number; version: number }>(
    `UPDATE builds b SET state_string = CASE WHEN b.complete_at IS NULL THEN coalesce(p.state, b.state_string) ELSE b.state_string END,
       properties = b.properties || p.properties, version = version + 1
     FROM jsonb_to_recordset($1::jsonb) AS p(id bigint, state text, properties jsonb) WHERE b.id = p.id RETURNING b.id, b.version`,
    [JSON.stringify([...patches.values()].map(({ patch }) => patch))])
  for (const row of rows) {
    const { build, patch } = patches.get(row.id)!
    const parents = { builder: build.builderId, number: build.number, worker: build.workerId, buildset: build.buildsetId }
    tx.publish({ type: 'build.update', id: row.id, version: row.version, project: build.project, parents })
    if (Object.keys(patch.properties).length > 0) tx.publish({ type: 'build.properties', id: row.id, version: row.version, project: build.project, parents })
  }
}

type StepPatch = { id: number; started: boolean; finished: boolean; results: number | null; state: string | null; hidden: boolean | null; urls: object | null }

export async function updateSteps(tx: Transaction, submissions: Submission[]): Promise<void> {
  const patches = new Map<number, { build: BuildRef; number: number; patch: StepPatch }>()
  for (const { build, fact } of factsOf(submissions, 'step-updated')) {
    patches.set(fact.step.id, { build, number: fact.step.number, patch: mergePatch(patches.get(fact.step.id)?.patch, fact) })
  }
  if (patches.size === 0) return
  const rows = await tx.query<{ id: number; version: number; begun: boolean }>(
    `UPDATE steps s SET
       started_at = CASE WHEN p.started THEN coalesce(s.started_at, now()) ELSE s.started_at END,
       complete_at = CASE WHEN p.finished THEN now() ELSE s.complete_at END,
       results = coalesce(p.results, s.results), state_string = coalesce(p.state, s.state_string),
       hidden = coalesce(p.hidden, s.hidden), urls = coalesce(p.urls, s.urls), version = version + 1
     FROM jsonb_to_recordset($1::jsonb) AS p(id bigint, started boolean, finished boolean, results int, state text, hidden boolean, urls jsonb)
     WHERE s.id = p.id AND s.complete_at IS NULL RETURNING s.id, s.version, p.started AND s.started_at = now()::timestamptz(3) AS begun`,
    [JSON.stringify([...patches.values()].map(({ patch }) => patch))])
  for (const row of rows) {
    const { build, number, patch } = patches.get(row.id)!
    const told = { id: row.id, version: row.version, project: build.project, parents: { build: build.id, number } }
    // A replay says again that the step has started.
    if (row.begun) tx.publish({ type: 'step.started', ...told })
    tx.publish({ type: patch.finished ? 'step.finished' : 'step.updated', ...told })
  }
}

function mergePatch(known: StepPatch | undefined, fact: FactOf<'step-updated'>): StepPatch {
  // As of a row that is complete: its end is its last word.
  if (known?.finished) return known
  return {
    id: fact.step.id,
    started: fact.started ?? known?.started ?? false,
    finished: fact.finished !== undefined || (known?.finished ?? false),
    results: fact.finished ?? known?.results ?? null,
    state: fact.stateString ?? known?.state ?? null,
    hidden: fact.hidden ?? known?.hidden ?? null,
    urls: fact.urls ?? known?.urls ?? null,
  }
}
