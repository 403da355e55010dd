# Compiles Reset.cs with PowerShell's own compiler and runs it in this process, for machines without the .NET SDK.
# With the SDK, use `dotnet run -- ID FILE`.
$ErrorActionPreference = 'Stop'
Add-Type -Path "$PSScriptRoot/Reset.cs" -CompilerOptions '-langversion:12'
# Exits here, because PowerShell runs no further statement after Ctrl+C.
[Environment]::Exit([JumpCloud.Program]::Main([string[]]$args))
