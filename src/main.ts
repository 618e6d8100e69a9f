#!/usr/bin/env bun
import { run } from './cli/program.ts'
import { whenDiskFails, whenUnread } from './cli/terminal.ts'

whenUnread((exitCode) => process.exit(exitCode))
whenDiskFails((exitCode) => process.exit(exitCode))
process.exitCode = await run(process.argv.slice(2))
// A connection that hangs must not keep a finished process; what it has printed gets a moment to leave.
setTimeout(() => process.exit(), 1000).unref()
