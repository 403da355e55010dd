<#
.SYNOPSIS
Builds, tests and packs the PowerShell module.
.DESCRIPTION
Build stages the module in out/JumpCloudApiSdkV1/<version>.
Package stages a release in out/package/JumpCloudApiSdkV1/<version> and makes a .nupkg and SHA256SUMS beside it. It holds
the native library of this system, or those of all systems that -NativePath has.
.EXAMPLE
./build.ps1 -Task Build
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Demo', 'Package')]
    [string]$Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string]$Configuration = $(if ($Task -eq 'Package') { 'Release' } else { 'Debug' }),

    # Reference assemblies of .NET 8 with PowerShellStandard's System.Management.Automation give a module for 7.4 and later.
    [string]$ReferencePath = "$PSHOME/ref",

    # For Package: what 'cargo xtask natives' has built, on this machine and on others: out/runtimes.
    [string]$NativePath
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
if ($NativePath -and $Task -ne 'Package') { throw '-NativePath is for -Task Package.' }

$name = 'JumpCloudApiSdkV1'
$source = "$PSScriptRoot/powershell/$name"
$version = [regex]::Match([IO.File]::ReadAllText("$PSScriptRoot/Cargo.toml"), '(?m)^version\s*=\s*"(.+)"').Groups[1].Value
$out = if ($Task -eq 'Package') { "$PSScriptRoot/out/package" } else { "$PSScriptRoot/out" }
$stage = "$out/$name/$version"
$isRelease = $Configuration -eq 'Release'
# Compiled against anything newer, the assembly loads only in the shell that built it, and later.
$isPortable = [Reflection.AssemblyName]::GetAssemblyName("$ReferencePath/System.Runtime.dll").Version.Major -le 8

function Invoke-Cargo {
    Push-Location $PSScriptRoot
    try { cargo @args | Out-Host }
    finally { Pop-Location }
    if ($LASTEXITCODE -ne 0) { throw "cargo $args failed with exit code $LASTEXITCODE." }
}

# Delete, then write: to overwrite a library in place kills a process that has it loaded.
function Copy-Fresh([string]$From, [string]$To) {
    [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($To)) | Out-Null
    [IO.File]::Delete($To)
    [IO.File]::Copy($From, $To)
}

function Build-NativeLibrary {
    $cargo = @('build', '-p', 'jcsdk')
    if ($isRelease) { $cargo += '--release' }
    Invoke-Cargo @cargo

    $system, $file = if ($IsWindows) { 'win', 'jcsdk.dll' } elseif ($IsMacOS) { 'osx', 'libjcsdk.dylib' } else { 'linux', 'libjcsdk.so' }
    $runtime = [Runtime.InteropServices.RuntimeInformation]
    if ($runtime::RuntimeIdentifier -like '*musl*') { $system = 'linux-musl' }
    $rid = "$system-$($runtime::ProcessArchitecture)".ToLowerInvariant()
    $target = if ($env:CARGO_TARGET_DIR) { $env:CARGO_TARGET_DIR } else { "$PSScriptRoot/target" }
    Copy-Fresh "$target/$(if ($isRelease) { 'release' } else { 'debug' })/$file" "$stage/runtimes/$rid/native/$file"
}

function Copy-NativeLibrary {
    if (-not [IO.Directory]::Exists($NativePath)) { throw "There is no folder '$NativePath'." }
    foreach ($from in [IO.Directory]::GetFiles($NativePath, '*jcsdk.*', 'AllDirectories')) {
        $file = [IO.Path]::GetRelativePath($NativePath, $from).Replace('\', '/')
        if ($file -match '^[^/]+/native/(lib)?jcsdk\.(dll|so|dylib)$') { Copy-Fresh $from "$stage/runtimes/$file" }
    }
    if (-not [IO.Directory]::Exists("$stage/runtimes")) { throw "'$NativePath' has no <rid>/native/ with a library. 'cargo xtask natives' makes it." }
}

# The same sources, built in the same way, have the same name; anything else may be loaded beside it.
function Get-BuildName([string[]]$File, [string]$Engine) {
    $with = "$ReferencePath/System.Runtime.dll", $Engine, "$PSHOME/Microsoft.CodeAnalysis.CSharp.dll" | ForEach-Object { [Reflection.AssemblyName]::GetAssemblyName($_).FullName }
    $what = @($version, $Configuration) + $with + ($File | ForEach-Object { [IO.File]::ReadAllText($_) })
    $hash = [Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($what -join "`0"))
    [Convert]::ToHexString($hash, 0, 8).ToLowerInvariant()
}

# Roslyn comes with PowerShell; Add-Type would always compile against the running shell. Returns the build's name.
function Build-InteropAssembly {
    Add-Type -Path "$PSHOME/Microsoft.CodeAnalysis.dll", "$PSHOME/Microsoft.CodeAnalysis.CSharp.dll"
    $parse = [Microsoft.CodeAnalysis.CSharp.CSharpParseOptions]::Default.WithLanguageVersion('CSharp12')
    # By name: an editor may put sources of its own beside them.
    $files = @('Binding', 'Models', 'Native', 'Run' | ForEach-Object { [IO.Directory]::GetFiles("$source/Interop/$_", '*.cs') } | Sort-Object)
    $trees = @(foreach ($path in $files) {
            [Microsoft.CodeAnalysis.CSharp.CSharpSyntaxTree]::ParseText([IO.File]::ReadAllText($path), $parse, [IO.Path]::GetFileName($path), [Text.Encoding]::UTF8)
        }
        [Microsoft.CodeAnalysis.CSharp.CSharpSyntaxTree]::ParseText("[assembly: System.Reflection.AssemblyVersion(`"$version`")]", $parse))
    $references = @([IO.Directory]::GetFiles($ReferencePath, '*.dll'))
    $engine = "$ReferencePath/System.Management.Automation.dll"
    $isOwnEngine = -not [IO.File]::Exists($engine)
    if ($isOwnEngine) { $references += $engine = "$PSHOME/System.Management.Automation.dll" }
    $options = [Microsoft.CodeAnalysis.CSharp.CSharpCompilationOptions]::new('DynamicallyLinkedLibrary').
        WithOptimizationLevel($(if ($isRelease) { 'Release' } else { 'Debug' })).WithNullableContextOptions('Enable').WithDeterministic($true)
    $build = Get-BuildName $files -Engine $engine
    $compilation = [Microsoft.CodeAnalysis.CSharp.CSharpCompilation]::Create("$name.Interop.$build", [Microsoft.CodeAnalysis.SyntaxTree[]]$trees,
        [Microsoft.CodeAnalysis.MetadataReference[]]@($references | ForEach-Object { [Microsoft.CodeAnalysis.MetadataReference]::CreateFromFile($_) }), $options)

    $dll = "$stage/$name.Interop.dll"
    [IO.File]::Delete($dll)
    $file = [IO.File]::Create($dll)
    try { $result = $compilation.Emit($file) }
    finally { $file.Dispose() }
    # 2 is a warning, which another version of the engine may give where the references do not.
    $notes = @($result.Diagnostics | Where-Object { $_.Severity -ge $(if ($isOwnEngine) { 3 } else { 2 }) })
    if ($notes) {
        [IO.File]::Delete($dll)
        throw "The interop assembly does not compile:`n$($notes -join "`n")"
    }
    $build
}

# What CHANGELOG.md says of this version.
function Get-ReleaseNote {
    $section = [regex]::Match([IO.File]::ReadAllText("$PSScriptRoot/CHANGELOG.md"), "(?ms)^## $([regex]::Escape($version))\b[^\n]*\n(.*?)(?=^## |\z)")
    if (-not $section.Success) { throw "CHANGELOG.md says nothing of $version." }
    $section.Groups[1].Value.Trim()
}

function Build-Module {
    [IO.Directory]::CreateDirectory($stage) | Out-Null
    if ($NativePath) { Copy-NativeLibrary } else { Build-NativeLibrary }
    $build = Build-InteropAssembly
    foreach ($path in [IO.Directory]::GetFiles($source)) { Copy-Fresh $path "$stage/$([IO.Path]::GetFileName($path))" }
    if ([IO.Directory]::Exists("$source/en-US")) {
        foreach ($path in [IO.Directory]::GetFiles("$source/en-US")) { Copy-Fresh $path "$stage/en-US/$([IO.Path]::GetFileName($path))" }
    }

    foreach ($path in "$stage/$name.psd1", "$stage/$name.psm1") {
        $text = [IO.File]::ReadAllText($path).Replace('0.0.0', $version).Replace("$name.Interop.BUILD", "$name.Interop.$build")
        $text = $text.Replace("'CHANGELOG'", "'$([Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent((Get-ReleaseNote)))'")
        if (-not $isPortable) { $text = $text.Replace("'7.4'", "'$($PSVersionTable.PSVersion.Major).$($PSVersionTable.PSVersion.Minor)'") }
        [IO.File]::WriteAllText($path, $text)
    }
}

switch ($Task) {
    'Build' {
        Build-Module
        "Built in $stage"
        "Import-Module '$stage/$name.psd1'"
    }
    'Test' { Invoke-Cargo xtask test }
    'Demo' { Invoke-Cargo xtask demo }
    'Package' {
        if (-not $isPortable) { throw "A package is for PowerShell 7.4 and later: give -ReferencePath a folder with .NET 8's reference assemblies." }
        # What an earlier package held.
        if ([IO.Directory]::Exists($stage)) { [IO.Directory]::Delete($stage, $true) }
        Build-Module
        & "$PSScriptRoot/powershell/New-Package.ps1" -Stage $stage -OutputPath $out -NativePath $NativePath
    }
}
