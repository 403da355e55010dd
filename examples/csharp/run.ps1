# Compiles Reset.cs with the compiler that PowerShell brings, and runs it in this process: for machines without the
# .NET SDK. With the SDK it is `dotnet run -- ID FILE`.
$ErrorActionPreference = 'Stop'
Add-Type -Path "$PSScriptRoot/Reset.cs" -CompilerOptions '-langversion:12'
# Exit from here: after Ctrl+C PowerShell runs no further statement.
[Environment]::Exit([JumpCloud.Program]::Main([string[]]$args))
