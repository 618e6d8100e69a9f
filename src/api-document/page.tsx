import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import type { Kit } from '../panel/kit.tsx'
import type { Page } from '../panel/page.tsx'
import type { ApiDocument } from './api-document.ts'
import { INTRODUCTION } from './introduction.ts'
import { anchorOf, type Operation, type PlacedParameter, titleOf } from './operations.ts'
import type { JsonSchema } from './schemas.ts'
import { joined, kindOf, list, prose, type Row } from './words.tsx'

/** Stands for the address of whichever Space the page is shown by: the rest is rendered once. */
const SERVER = 'https://server.invalid'

const CALLERS = { account: 'any account', admin: 'administrators', super: 'super administrators' } as const

const callerOf = ({ security }: Operation): string => {
  const role = Object.values(security[0] ?? {})[0]?.[0]
  return `For ${role === undefined ? 'everybody' : CALLERS[role]}`
}

/** Which named keys will do. */
const scopesShown = ({ 'x-api-key-scopes': scopes }: Operation): VNode | null =>
  scopes === undefined ? null : <span class="chip">Keys: {scopes.join(', ')}</span>

/** Whoever leaves a member out may as well say null: not worth a word for each. */
const withoutNull = (schema: JsonSchema): JsonSchema => {
  const types = typeof schema.type === 'object' ? schema.type.filter((type) => type !== 'null') : schema.type
  return {
    ...schema,
    ...(types === undefined ? {} : { type: types }),
    ...(schema.enum === undefined ? {} : { enum: schema.enum.filter((one) => one !== null) }),
    ...(schema.anyOf === undefined ? {} : { anyOf: schema.anyOf.filter(({ type }) => type !== 'null') }),
  }
}

/** What is required comes first. */
const bodyRows = ({ properties = {}, required = [] }: JsonSchema): Row[] =>
  Object.entries(properties)
    .map(([name, schema]) => ({
      name,
      schema: withoutNull(schema),
      note: schema.description,
      isRequired: required.includes(name),
    }))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired))

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const curl = (method: string, path: string, { security, requestBody, parameters = [] }: Operation): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((one) => one.in === 'path' && one.name === name)?.example
    return encodeURIComponent(String(example ?? name))
      .replaceAll(/%3A/g, ':')
      .replaceAll(/%40/g, '@')
  })
  const example = requestBody?.content['application/json']?.example
  return [
    `curl${method === 'GET' ? '' : ` -X ${method}`} ${SERVER}${filled}`,
    ...(security.length === 0 ? [] : [`-H "x-api-key: $KEY"`]),
    ...(example === undefined ? [] : [`-H 'content-type: application/json'`, `-d ${quoted(JSON.stringify(example))}`]),
  ].join(' \\\n  ')
}

/** Something to try: where scripts run, with a button that copies it. */
const copied = (text: string): VNode => (
  <div data-copy="Copy" data-copied="Copied">
    <pre>
      <code>{text}</code>
    </pre>
  </div>
)

const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

/** What comes when all is well, and what may be refused. */
const replies = ({ responses }: Operation): VNode => {
  const all = Object.entries(responses)
  const refusals = all.filter(([status, { $ref }]) => $ref !== undefined && status !== 'default')
  return (
    <>
      {all
        .filter(([, { $ref }]) => $ref === undefined)
        .map(([status, { content = {} }]) => {
          const [type, reply] = Object.entries(content)[0] ?? []
          const schema = reply?.schema
          return (
            <>
              <p>
                <span class="chip good">{status}</span>{' '}
                {type === undefined ? 'without a body' : schema === undefined ? <code>{type}</code> : kindOf(schema)}
                {schema?.required === undefined
                  ? null
                  : [', with ', joined(schema.required.map((one) => <code>{one}</code>))]}
              </p>
              {schema === undefined || schema.type === 'integer' || 'const' in schema ? null : (
                <details class="more">
                  <summary>Example of the reply</summary>
                  {copied(pretty(reply?.example))}
                </details>
              )}
            </>
          )
        })}
      <p class="muted small-text">
        Refusals:{' '}
        {refusals.map(([status], index) => (
          <>
            {index === 0 ? '' : ', '}
            <a href="#refusals">{status}</a>
          </>
        ))}
      </p>
    </>
  )
}

const parameterRows = (parameters: readonly PlacedParameter[]): Row[] =>
  parameters.map(({ name, schema: { minimum, maximum, ...schema }, description, ...one }) => ({
    name: one.in === 'path' ? `{${name}}` : one.in === 'query' ? `?${name}` : name,
    schema,
    note: description,
  }))

/** How a method looks: what reads, what writes, what removes. */
const METHOD_CLASS: Readonly<Record<string, string>> = { GET: 'method', DELETE: 'method delete' }

const route = (method: string, path: string, operation: Operation): VNode => {
  const { summary, description, deprecated, parameters = [], requestBody } = operation
  const schema = requestBody?.content['application/json']?.schema
  const anchor = anchorOf(titleOf(method, path))
  const rows = [...parameterRows(parameters), ...(schema === undefined ? [] : bodyRows(schema))]
  return (
    <article class="endpoint" id={anchor}>
      <h3>
        <span class={METHOD_CLASS[method] ?? 'method write'}>{method}</span>{' '}
        <a class="quiet-link" href={`#${anchor}`}>
          {path}
        </a>
      </h3>
      <div class="stack">
        <p>
          {prose(`${summary}.`)}
          {description === undefined ? null : prose(` ${description}`)}
        </p>
        <p class="row">
          <span class="chip">{callerOf(operation)}</span>
          {scopesShown(operation)}
          {deprecated === true ? <span class="chip warn">of 2021, has a successor</span> : null}
        </p>
        {rows.length === 0 ? null : list(rows)}
      </div>
      <div class="sample stack">
        {copied(curl(method, path, operation))}
        {replies(operation)}
      </div>
    </article>
  )
}

interface Entry {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

const entriesOf = ({ paths }: ApiDocument): Entry[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

const contents = (document: ApiDocument, byTag: ReadonlyMap<string, readonly Entry[]>): VNode => (
  <nav class="toc" aria-label="Contents">
    <label class="search" data-search hidden>
      Search
      <input type="search" autocomplete="off" spellcheck={false} />
      <small role="status" />
    </label>
    {INTRODUCTION.map(({ title }) => (
      <a href={`#${anchorOf(title)}`}>{title}</a>
    ))}
    {document.tags.map(({ name }) => (
      <details>
        <summary>{name}</summary>
        {(byTag.get(name) ?? []).map(({ method, path }) => (
          <a href={`#${anchorOf(titleOf(method, path))}`}>{titleOf(method, path)}</a>
        ))}
      </details>
    ))}
    <a href="#objects">Objects</a>
  </nav>
)

const refusalTable = ({ components }: ApiDocument, shown: readonly Entry[]): VNode => {
  const named = new Map(
    shown.flatMap(({ operation }) => Object.entries(operation.responses)).map(([status, { $ref }]) => [status, $ref]),
  )
  return (
    <dl class="params">
      {[...named]
        .filter(([status, $ref]) => $ref !== undefined && status !== 'default')
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([status, $ref]) => (
          <div>
            <dt>
              <code>{status}</code>
            </dt>
            <dd>{prose(components.responses[$ref?.split('/').at(-1) ?? '']?.description ?? '')}</dd>
          </div>
        ))}
    </dl>
  )
}

const reference = (document: ApiDocument, basePath: string): VNode => {
  const entries = entriesOf(document)
  const byTag = Map.groupBy(entries, ({ operation }) => operation.tags[0] ?? '')
  return (
    <div class="reference">
      <details class="fold">
        <summary class="button wide">Contents</summary>
      </details>
      {contents(document, byTag)}
      <div class="prose">
        <div class="head">
          <div>
            <h1>API</h1>
            <p class="lede">Every route of this server, made of the declarations that check its requests.</p>
          </div>
          <div class="actions">
            <a class="button" href={`${basePath}/api/openapi.json`}>
              OpenAPI 3.1
            </a>
            <a class="button" href={`${basePath}/`}>
              Back to the panel
            </a>
          </div>
        </div>
        {INTRODUCTION.map(({ title, text }) => (
          <section class="prose" id={anchorOf(title)}>
            <h2>{title}</h2>
            <p>{prose(text)}</p>
            {title === 'Refusals' ? refusalTable(document, entries) : null}
          </section>
        ))}
        {document.tags.map(({ name, description }) => (
          <section id={anchorOf(name)}>
            <div class="chapter">
              <h2>{name}</h2>
              <p>{description}</p>
            </div>
            {(byTag.get(name) ?? []).map(({ method, path, operation }) => route(method, path, operation))}
          </section>
        ))}
        <section id="objects">
          <div class="chapter">
            <h2>Objects</h2>
          </div>
          {Object.entries(document.components.schemas).map(([name, { properties = {} }]) => (
            <article class="endpoint object" id={anchorOf(name)}>
              <h3>{name}</h3>
              {list(Object.entries(properties).map(([of, schema]) => ({ name: of, schema, note: schema.description })))}
            </article>
          ))}
        </section>
      </div>
    </div>
  )
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** `GET /api`: the document for people. Works without scripts. Shown by every Space under its own address. */
export const documentPage = (document: ApiDocument, basePath: string) => {
  const html = render(reference(document, basePath))
  return ({ t, home }: Kit): Page => ({
    title: t('api.title'),
    docs: '/api',
    scripts: ['api-search.js'],
    address: null,
    children: <div class="whole" dangerouslySetInnerHTML={{ __html: html.replaceAll(SERVER, escaped(home)) }} />,
  })
}
