import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import type { Visit } from '../nouns/visit.ts'
import { page } from '../panel/layout.tsx'
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

const bodyRows = ({ properties = {}, required = [] }: JsonSchema, isRequired: boolean): Row[] =>
  Object.entries(properties)
    .filter(([name]) => required.includes(name) === isRequired)
    .map(([name, schema]) => ({ name, schema: withoutNull(schema), note: schema.description }))

const body = (schema: JsonSchema): VNode => {
  const [required, optional] = [bodyRows(schema, true), bodyRows(schema, false)]
  return (
    <>
      {required.length === 0 ? null : (
        <>
          <h4>Required</h4>
          {list(required)}
        </>
      )}
      {optional.length === 0 ? null : (
        <>
          <h4>Optional</h4>
          {list(optional)}
        </>
      )}
    </>
  )
}

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
                <strong>{status}</strong>{' '}
                {type === undefined ? 'without a body' : schema === undefined ? <code>{type}</code> : kindOf(schema)}
                {schema?.required === undefined
                  ? null
                  : [', with ', joined(schema.required.map((one) => <code>{one}</code>))]}
              </p>
              {schema === undefined || schema.type === 'integer' || 'const' in schema ? null : (
                <details>
                  <summary>Example</summary>
                  {copied(pretty(reply?.example))}
                </details>
              )}
            </>
          )
        })}
      <p class="refusals">
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

const route = (method: string, path: string, operation: Operation): VNode => {
  const { summary, description, deprecated, parameters = [], requestBody } = operation
  const schema = requestBody?.content['application/json']?.schema
  const anchor = anchorOf(titleOf(method, path))
  return (
    <article id={anchor}>
      <h3>
        <a href={`#${anchor}`}>
          <span class="method">{method}</span> <code>{path}</code>
        </a>
      </h3>
      <p>
        {prose(`${summary}.`)}
        {description === undefined ? null : prose(` ${description}`)}
      </p>
      <p class="caller">
        {callerOf(operation)}
        {deprecated === true ? <strong> · of 2021, has a successor</strong> : null}
      </p>
      {parameters.length === 0 ? null : list(parameterRows(parameters))}
      {schema === undefined ? null : body(schema)}
      {copied(curl(method, path, operation))}
      {replies(operation)}
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
  <nav aria-label="Contents">
    <label data-search hidden>
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
    <dl>
      {[...named]
        .filter(([status, $ref]) => $ref !== undefined && status !== 'default')
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([status, $ref]) => (
          <>
            <dt>
              <strong>{status}</strong>
            </dt>
            <dd>{prose(components.responses[$ref?.split('/').at(-1) ?? '']?.description ?? '')}</dd>
          </>
        ))}
    </dl>
  )
}

const reference = (document: ApiDocument, basePath: string): VNode => {
  const entries = entriesOf(document)
  const byTag = Map.groupBy(entries, ({ operation }) => operation.tags[0] ?? '')
  return (
    <div class="reference">
      {contents(document, byTag)}
      <div>
        <p>
          <a href={`${basePath}/`}>Back to the panel</a>
        </p>
        <p>
          Every route of this server, made of the declarations that check its requests. The same for programs:{' '}
          <a href={`${basePath}/api/openapi.json`}>OpenAPI 3.1</a>. For phones:{' '}
          <a href={`${basePath}/provisioning/documentation`}>provisioning</a>.
        </p>
        {INTRODUCTION.map(({ title, text }) => (
          <section id={anchorOf(title)}>
            <h2>{title}</h2>
            <p>{prose(text)}</p>
            {title === 'Refusals' ? refusalTable(document, entries) : null}
          </section>
        ))}
        {document.tags.map(({ name, description }) => (
          <section id={anchorOf(name)}>
            <h2>{name}</h2>
            <p>{description}</p>
            {(byTag.get(name) ?? []).map(({ method, path, operation }) => route(method, path, operation))}
          </section>
        ))}
        <section id="objects">
          <h2>Objects</h2>
          {Object.entries(document.components.schemas).map(([name, { properties = {} }]) => (
            <article id={anchorOf(name)}>
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
  return (visit: Visit): Response => {
    return page(visit, basePath, {
      title: 'api.title',
      wide: true,
      scripts: ['copy.js', 'api-search.js'],
      address: null,
      children: (
        <div dangerouslySetInnerHTML={{ __html: html.replaceAll(SERVER, escaped(visit.baseUrl() + basePath)) }} />
      ),
    })
  }
}
