import type { Command } from 'commander'
import type { Job } from '../jobs/jobs.ts'
import type { Ended, Known } from '../jobs/runner.ts'
import type { Services } from '../services.ts'
import { type GlobalOptions, withServices } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { table } from './table.ts'
import { print } from './terminal.ts'

interface Options extends GlobalOptions {
  readonly json?: boolean
}

/** Runs a job now, or with `work` what a command does in its place; refuses while it runs, here or anywhere. */
export const runJob = async ({ jobs }: Pick<Services, 'jobs'>, name: string, work?: Job['run']): Promise<Ended> => {
  const job = jobs.named(name)
  if (job === null) throw new CommandError(`There is no job ${name}; job:list names them all.`, EXIT.notFound)
  const ended = await jobs.run(job, work)
  if (ended === null) throw new CommandError(`${job.name} is running already; try again.`, EXIT.tryAgain)
  return ended
}

const asJson = ({ job, last, next }: Known) => ({
  name: job.name,
  commands: job.commands,
  schedule: job.schedule,
  started_at: last?.startedAt ?? null,
  succeeded_at: last?.succeededAt ?? null,
  outcome: last?.outcome ?? null,
  next,
})

const asRow = ({ job, last, next }: Known): string[] => [
  job.name,
  job.schedule,
  last?.startedAt.toISOString() ?? 'never',
  last?.outcome ?? '',
  next.toISOString(),
]

const HEADINGS = ['name', 'schedule (UTC)', 'last run', 'outcome', 'next']

export const jobsCommands = (program: Command) => {
  program
    .command('job:list')
    .option('--json', 'print one JSON array')
    .description('list what is done again and again: when it was, how it went, when it is next')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withServices(options, async ({ parts }) => {
        const known = await parts.jobs.known()
        print(options.json === true ? JSON.stringify(known.map(asJson)) : table([HEADINGS, ...known.map(asRow)]))
      })
    })
  program
    .command('schedule:run')
    .description('run what is due of job:list, once: for a cron line, where JOBS=false')
    .action(async (_options, command: Command) =>
      withServices(command.optsWithGlobals<Options>(), async ({ parts }) => {
        const due = (await parts.jobs.known()).filter(({ next }) => next <= new Date()).map(({ job }) => job.name)
        await parts.jobs.runDue()
        const failed = (await parts.jobs.known()).filter(
          ({ job, last }) => due.includes(job.name) && last?.outcome === 'failed',
        )
        print(due.length === 0 ? 'Nothing is due.' : `Due: ${due.join(', ')}`)
        if (failed.length > 0)
          throw new CommandError(`Failed: ${failed.map(({ job }) => job.name).join(', ')}`, EXIT.failed)
      }),
    )
  program
    .command('job:run')
    .argument('<name>', 'a job of job:list, or the command that does the same')
    .description('run a job now, as its schedule would')
    .action(async (name: string, _options, command: Command) =>
      withServices(command.optsWithGlobals<Options>(), async ({ parts }) => {
        const { count, ms } = await runJob(parts, name)
        print(`${parts.jobs.named(name)?.name}: ${count} in ${ms} ms`)
      }),
    )
}
