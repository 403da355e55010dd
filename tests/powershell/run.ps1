# Runs all *.Tests.ps1 beside it, or one of them, and ends with a line that counts them.
param([string]$Path = $PSScriptRoot)
Import-Module Pester -MinimumVersion 5.0 -MaximumVersion 5.99.99 -ErrorAction Stop
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$run = Invoke-Pester -Configuration $configuration

# A file or a block that fails before its tests run counts as a failed test.
$broken = $run.FailedBlocksCount + $run.FailedContainersCount
"Pester: $($run.PassedCount) passed, $($run.FailedCount + $broken) failed"
exit [int]($run.FailedCount + $broken -gt 0)
