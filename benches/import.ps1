# Prints how many milliseconds it takes to import a module into this fresh process.
param([string]$Path)

$ErrorActionPreference = 'Stop'

$clock = [Diagnostics.Stopwatch]::StartNew()
Import-Module $Path
$clock.Elapsed.TotalMilliseconds
