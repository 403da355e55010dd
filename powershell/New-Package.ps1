<#
.SYNOPSIS
Makes a .nupkg of a staged module, as Publish-PSResource and Install-PSResource take it, with licences and SHA-256 sums.
.DESCRIPTION
It holds the native libraries that are staged: for several systems, put each one's under runtimes/ first.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string]$Stage,

    [Parameter(Mandatory)]
    [string]$OutputPath
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$root = [IO.Path]::GetDirectoryName($PSScriptRoot)
$manifest = Import-PowerShellDataFile ([IO.Directory]::GetFiles($Stage, '*.psd1')[0])
$name = [IO.Path]::GetFileNameWithoutExtension($manifest.RootModule)
$version = $manifest.ModuleVersion
$package = "$OutputPath/$name.$version.nupkg"

# The crates that are linked into the library, and the licence texts that they come with.
function Get-Notice {
    $metadata = cargo metadata --format-version 1 --manifest-path "$root/Cargo.toml" | ConvertFrom-Json
    $linked = cargo tree --package jcsdk --edges normal --prefix none --format '{p}' --manifest-path "$root/Cargo.toml" |
        ForEach-Object { ($_ -split ' ')[0..1] -join ' ' } | Sort-Object -Unique
    if ($LASTEXITCODE -ne 0) { throw 'cargo does not tell which crates are linked.' }
    'The native library contains these crates.'
    foreach ($crate in $metadata.packages | Where-Object { "$($_.name) v$($_.version)" -in $linked -and $_.source } | Sort-Object name, version) {
        ''
        "=== $($crate.name) $($crate.version) ($($crate.license)) $($crate.repository)"
        foreach ($file in [IO.Directory]::GetFiles([IO.Path]::GetDirectoryName($crate.manifest_path)) | Sort-Object) {
            if ([IO.Path]::GetFileName($file) -match '^(LICEN[SC]E|COPYING|NOTICE|UNLICENSE)') { [IO.File]::ReadAllText($file).TrimEnd() }
        }
    }
}

function ConvertTo-XmlText([string]$Text) { [Security.SecurityElement]::Escape($Text) }

function Get-Nuspec {
    $data = $manifest.PrivateData.PSData
    $tags = @('PSModule', 'PSIncludes_Function') + ($manifest.FunctionsToExport | ForEach-Object { "PSFunction_$_"; "PSCommand_$_" }) + $data.Tags
    @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
  <metadata>
    <id>$name</id>
    <version>$version</version>
    <authors>$(ConvertTo-XmlText $manifest.Author)</authors>
    <owners>$(ConvertTo-XmlText $manifest.CompanyName)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <licenseUrl>$(ConvertTo-XmlText $data.LicenseUri)</licenseUrl>
    <description>$(ConvertTo-XmlText $manifest.Description)</description>
    <copyright>$(ConvertTo-XmlText $manifest.Copyright)</copyright>
    <tags>$(ConvertTo-XmlText ($tags -join ' '))</tags>
  </metadata>
</package>
"@
}

function Add-Entry([IO.Compression.ZipArchive]$Archive, [string]$Path, [byte[]]$Content) {
    $entry = $Archive.CreateEntry($Path)
    # The same files give the same package.
    $entry.LastWriteTime = [DateTimeOffset]::new(2000, 1, 1, 0, 0, 0, [timespan]::Zero)
    $stream = $entry.Open()
    $stream.Write($Content, 0, $Content.Length)
    $stream.Dispose()
}

function Get-Sum([string]$Path) {
    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([IO.File]::ReadAllBytes($Path))).ToLowerInvariant()
}

$null = [IO.Directory]::CreateDirectory($OutputPath)
[IO.File]::Copy("$root/LICENSE", "$Stage/LICENSE", $true)
[IO.File]::WriteAllLines("$Stage/THIRD-PARTY-NOTICES.txt", [string[]]@(Get-Notice))

$files = @([IO.Directory]::GetFiles($Stage, '*', 'AllDirectories') | ForEach-Object { [IO.Path]::GetRelativePath($Stage, $_).Replace('\', '/') } | Sort-Object)
$extensions = $files | ForEach-Object { [IO.Path]::GetExtension($_).TrimStart('.') } | Where-Object { $_ } | Sort-Object -Unique
$types = "<?xml version=`"1.0`" encoding=`"utf-8`"?>`n<Types xmlns=`"http://schemas.openxmlformats.org/package/2006/content-types`">" +
    "<Default Extension=`"rels`" ContentType=`"application/vnd.openxmlformats-package.relationships+xml`"/>" +
    "<Default Extension=`"nuspec`" ContentType=`"application/octet`"/>" +
    (($extensions | ForEach-Object { "<Default Extension=`"$_`" ContentType=`"application/octet`"/>" }) -join '') +
    (($files | Where-Object { -not [IO.Path]::GetExtension($_) } | ForEach-Object { "<Override PartName=`"/$_`" ContentType=`"application/octet`"/>" }) -join '') + '</Types>'
$relations = "<?xml version=`"1.0`" encoding=`"utf-8`"?>`n<Relationships xmlns=`"http://schemas.openxmlformats.org/package/2006/relationships`">" +
    "<Relationship Type=`"http://schemas.microsoft.com/packaging/2010/07/manifest`" Target=`"/$name.nuspec`" Id=`"R1`"/></Relationships>"

[IO.File]::Delete($package)
$stream = [IO.File]::Create($package)
$archive = [IO.Compression.ZipArchive]::new($stream, 'Create')
$utf8 = [Text.UTF8Encoding]::new($false)
Add-Entry $archive -Path '_rels/.rels' -Content $utf8.GetBytes($relations)
Add-Entry $archive -Path '[Content_Types].xml' -Content $utf8.GetBytes($types)
Add-Entry $archive -Path "$name.nuspec" -Content $utf8.GetBytes((Get-Nuspec))
foreach ($file in $files) { Add-Entry $archive -Path $file -Content ([IO.File]::ReadAllBytes("$Stage/$file")) }
$archive.Dispose()
$stream.Dispose()

[IO.File]::WriteAllLines("$OutputPath/SHA256SUMS", [string[]]@("$(Get-Sum $package)  $name.$version.nupkg"))
"Packed $package"
