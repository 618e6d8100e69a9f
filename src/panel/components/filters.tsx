import type { ComponentChildren, VNode } from 'preact'
import { useKit } from '../kit.tsx'
import type { Listing } from '../listing.ts'
import type { Option } from './fields.tsx'
import { Icon } from './icon.tsx'

/** One of those with the same `group` in a row stands below its name; without one it stands for itself. */
export interface GroupedOption extends Option {
  readonly group?: string
}

interface FiltersProps {
  readonly listing: Listing
  /** What the list is of. */
  readonly label: string
  /** What is searched, said in place of what is typed. */
  readonly search?: { readonly name: string; readonly label: string }
  /** Another text, beside what is searched. */
  readonly also?: { readonly name: string; readonly label: string }
  /** What the list can be narrowed to: one of the options each. */
  readonly choices?: readonly {
    readonly name: string
    readonly label: string
    readonly options: readonly GroupedOption[]
  }[]
  /** Days that the list can be narrowed to. */
  readonly dates?: readonly { readonly name: string; readonly label: string }[]
  /** What was chosen elsewhere on the page, and stays. */
  readonly keep?: readonly string[]
  /** Of the list, which alone is loaded again where scripts run. */
  readonly id: string
  /** The list itself, or what stands in place of it, and its `Pages`. */
  readonly children: ComponentChildren
}

/** Searches and narrows a list: a form that asks for its address, then the list, below what was chosen for it. */
export const Filters = (props: FiltersProps): VNode => {
  const { listing, label, search, also, choices = [], dates = [], keep = [], id, children } = props
  const { t, href } = useKit()
  // The choices are the form's own to say, and how the list is sorted stays.
  const bare = listing.link(Object.fromEntries(Object.keys(listing.chosen).map((name) => [name, null])))
  const [path = '', query = ''] = bare.split('?')
  const sort = new URLSearchParams(query).get('sort')
  return (
    <>
      <search aria-label={label}>
        <form
          class="filters"
          method="get"
          action={href(path)}
          data-hx-get={href(path)}
          data-hx-trigger="submit, change target:select, change target:[type=date], input changed delay:400ms"
          data-hx-target={`#${id}`}
          data-hx-select={`#${id}`}
          data-hx-select-oob="#count"
          data-hx-swap="outerHTML"
          data-hx-push-url="true"
          data-hx-sync="this:replace"
        >
          {sort === null ? null : <input type="hidden" name="sort" value={sort} />}
          {keep.map((name) =>
            listing.chosen[name] === undefined ? null : (
              <input type="hidden" name={name} value={listing.chosen[name]} />
            ),
          )}
          {[search, also].map((text) =>
            text === undefined ? null : (
              <div class="search">
                <label class="hidden" for={`filter-${text.name}`}>
                  {text.label}
                </label>
                <Icon name="search" />
                <input
                  id={`filter-${text.name}`}
                  type="search"
                  name={text.name}
                  value={listing.chosen[text.name]}
                  placeholder={text.label}
                  autocomplete="off"
                />
              </div>
            ),
          )}
          {choices.map(({ name, label: what, options }) => (
            <select name={name} aria-label={what}>
              <option value="">{what}</option>
              <Options options={options} current={listing.chosen[name]} />
            </select>
          ))}
          {dates.map(({ name, label: what }) => (
            <label class="day">
              <span>{what}</span>
              <input type="date" name={name} value={listing.chosen[name]} />
            </label>
          ))}
          <button type="submit">{t(search === undefined ? 'panel.show' : 'panel.search')}</button>
        </form>
      </search>
      <div class="list" id={id}>
        <Applied listing={listing} choices={choices} dates={dates} search={[search?.name, also?.name]} keep={keep} />
        {children}
      </div>
    </>
  )
}

const Options = (props: { options: readonly GroupedOption[]; current: string | undefined }): VNode => (
  <>
    {[...Map.groupBy(props.options, ({ group }) => group)].map(([group, options]) => {
      const choices = options.map(({ value, label }) => (
        <option value={value} selected={props.current === value}>
          {label}
        </option>
      ))
      return group === undefined ? choices : <optgroup label={group}>{choices}</optgroup>
    })}
  </>
)

/** What was chosen, each with a way to take it away. */
const Applied = ({
  listing,
  choices,
  dates,
  search,
  keep,
}: Required<Pick<FiltersProps, 'listing' | 'choices' | 'dates' | 'keep'>> & {
  search: readonly (string | undefined)[]
}): VNode | null => {
  const { t, href } = useKit()
  const wordOf = (name: string, value: string): string => {
    const day = dates.find((date) => date.name === name)
    if (day !== undefined) return `${day.label} ${value}`
    return (
      choices.find((choice) => choice.name === name)?.options.find((option) => option.value === value)?.label ?? value
    )
  }
  const seen = Object.entries(listing.chosen).filter(([name]) => !keep.includes(name))
  const all = seen.map(([name, value]) => ({
    name,
    word: search.includes(name) ? t('panel.quoted', { text: value }) : wordOf(name, value),
  }))
  return all.length === 0 ? null : (
    <p class="applied">
      {all.map(({ name, word }) => (
        <a class="chip line" href={href(listing.link({ [name]: null }))}>
          {word}
          <Icon name="x" small />
          <span class="hidden"> {t('panel.take_away')}</span>
        </a>
      ))}
    </p>
  )
}

interface FinderProps {
  /** The list in which is looked, below the base path, and the member of its query. */
  readonly to: string
  readonly name: string
  readonly label: string
}

/** A search that leads to a list, from a page that is none. */
export const Finder = ({ to, name, label }: FinderProps): VNode => {
  const { t, href } = useKit()
  return (
    <search aria-label={label}>
      <form class="filters" method="get" action={href(to)}>
        <div class="search">
          <label class="hidden" for={`find-${name}`}>
            {label}
          </label>
          <Icon name="search" />
          <input id={`find-${name}`} type="search" name={name} placeholder={label} autocomplete="off" />
        </div>
        <button type="submit">{t('panel.search')}</button>
      </form>
    </search>
  )
}
